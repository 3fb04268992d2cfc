import { moduleName, type ModuleDescriptor, type ModuleKind, type OrderElement } from '../../cnb/module.ts';
import type { OrderFile } from '../../cnb/files/order.ts';
import { hasCode, SlipwayError } from '../../core/errors.ts';
import type { ModuleFinder } from '../../workspace/buildpacks.ts';

/** What a build starts from: a builder, or a directory of buildpacks, or nothing. */
export interface BaseModules {
  /** As messages call it: `the builder oci:builder`. */
  readonly name: string;
  /** Its order and where that is from; not read before it is needed. */
  readonly order: () => Promise<OrderFile & { readonly source: string }>;
  readonly finders: Readonly<Record<ModuleKind, ModuleFinder>>;
  readonly list: (kind: ModuleKind) => Promise<readonly ModuleDescriptor[]>;
  /** Where a module would be, when people put them there by hand. */
  readonly placeOf?: (module: Pick<ModuleDescriptor, 'id' | 'version'>) => string;
}

/** A module of the base by id, and by version where it has several. Throws `BUILDPACK_NOT_FOUND` with what there is, `ARGUMENT_INVALID`. */
export async function findInBase(
  { id, version }: { readonly id: string; readonly version: string },
  kind: ModuleKind,
  base: BaseModules,
): Promise<ModuleDescriptor> {
  const all = await base.list(kind);
  const found = all.filter((module) => module.id === id && (version === '' || module.version === version));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined) throw notInBase(version === '' ? id : `${id}@${version}`, kind, { ...base, all });
  throw new SlipwayError('ARGUMENT_INVALID', `${base.name} has several versions of ${id}`, {
    exit: 3,
    details: { has: found.map(moduleName).join(', ') },
    hint: `say which one: ${moduleName(only)}`,
  });
}

/** Nothing of that name, and what there is in its place. */
export function notInBase(
  name: string,
  kind: ModuleKind,
  {
    name: base,
    all,
    place,
  }: { readonly name: string; readonly all: readonly ModuleDescriptor[]; readonly place?: string },
): SlipwayError {
  const has = all.map(moduleName).join(', ');
  return new SlipwayError('BUILDPACK_NOT_FOUND', `${base} has no ${kind} ${name}`, {
    exit: 1,
    details: { has: has === '' ? `no ${kind}` : has, ...(place === undefined ? {} : { 'its place': place }) },
    hint: `name one of those, or where the ${kind} is: a directory, a .tgz or .cnb file, a URL, docker://NAME`,
  });
}

/** Those elements that a finder does not find. */
export async function missingFrom(
  elements: readonly OrderElement[],
  finders: BaseModules['finders'],
): Promise<readonly OrderElement[]> {
  const missing: OrderElement[] = [];
  for (const element of elements) {
    try {
      await finders[element.kind].find(element.id, element.version);
    } catch (error) {
      if (!hasCode(error, 'BUILDPACK_NOT_FOUND')) throw error;
      missing.push(element);
    }
  }
  return missing;
}
