import type { TargetMetadata } from '../../cnb/analyzed.ts';
import { moduleName, type ModuleDescriptor, type ModuleKind, type Order, type OrderElement } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Lease } from '../../core/lease.ts';
import { addedModules } from '../../workspace/added-modules.ts';
import { missingFrom, notInBase, type BaseModules } from './base-modules.ts';
import { checkTargets } from './check-targets.ts';
import { effectiveOrder, type OrderPart } from './effective-order.ts';
import type { ModulePorts } from './given-modules.ts';
import type { ModuleRequest, ModuleRequests } from './module-request.ts';
import { checkWhole, warnOfReplaced, withoutTwins } from './judge-given.ts';
import { openRequest, type OpenedRequest } from './open-request.ts';
import { warnOfStacks } from './warn-of-stacks.ts';

/** What a build tries, and with which modules. */
export interface ChosenModules extends AsyncDisposable {
  readonly order: Order;
  /** Tried in front of every group. */
  readonly extensions: Order;
  readonly finders: BaseModules['finders'];
  /** Modules that are not the base's; each id and version once. */
  readonly given: readonly ModuleDescriptor[];
}

export interface ModuleChoice {
  readonly requests: ModuleRequests;
  readonly base: BaseModules;
  /** What the base is for, where that is known. */
  readonly target: TargetMetadata | undefined;
  /** `CNB_STACK_ID` of a builder. */
  readonly stack?: string | undefined;
}

/**
 * Opens everything that was asked for, and makes the order of it (interfaces §5.1, §5.11). Said in an event; a given module that takes the
 * place of the base's with other contents is a warning. What was opened is kept until this is disposed. Throws what `openRequest` and
 * `effectiveOrder` throw, `BUILDPACK_MISFIT`, `BUILDPACK_NOT_FOUND`, and `PACKAGE_INCOMPLETE` for a composite buildpack that is not whole.
 */
export async function chooseModules(
  choice: ModuleChoice,
  ports: Omit<ModulePorts, 'hold'>,
  ctx: Context,
): Promise<ChosenModules> {
  const held: Lease[] = [];
  const release = async (): Promise<void> => {
    for (const lease of held.splice(0)) await lease.release();
  };
  const hold = <T extends Lease>(lease: T): T => {
    held.push(lease);
    return lease;
  };
  try {
    return { ...(await choose(choice, { ...ports, hold }, ctx)), [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function choose(
  { requests, base, target, stack }: ModuleChoice,
  ports: ModulePorts,
  ctx: Context,
): Promise<Omit<ChosenModules, keyof AsyncDisposable>> {
  const openAll = async (list: readonly ModuleRequest[], kind: ModuleKind): Promise<readonly OpenedRequest[]> => {
    const opened: OpenedRequest[] = [];
    for (const request of list) opened.push(await openRequest(request, { kind, base }, ports, ctx));
    return opened;
  };
  const group = await openAll(requests.group, 'buildpack');
  const pre = await openAll(requests.pre, 'buildpack');
  const post = await openAll(requests.post, 'buildpack');
  const extensions = await openAll(requests.extensions, 'extension');
  const opened = [...group, ...pre, ...post, ...extensions];
  const given = await withoutTwins(opened.flatMap((each) => (each.kind === 'module' ? each.given : [])));
  if (target !== undefined) checkTargets(given, { name: base.name, target });
  await warnOfStacks(given, { name: base.name, stack }, ctx);
  await warnOfReplaced(given, base, ctx);
  const finders = {
    buildpack: addedModules(ofKind(given, 'buildpack'), base.finders.buildpack),
    extension: addedModules(ofKind(given, 'extension'), base.finders.extension),
  };
  await checkWhole(given, { ...base, finders });
  const needsBase = group.length === 0 || group.some(({ kind }) => kind === 'builder-order');
  const file = needsBase ? await base.order() : { order: [], extensions: [], source: '' };
  const order = effectiveOrder(file.order, { group: group.map(partOf), pre: elementsOf(pre), post: elementsOf(post) });
  const asked = elementsOf(extensions);
  const chosen = { order, extensions: asked.length > 0 ? [asked] : file.extensions };
  await checkThere([...chosen.order, ...chosen.extensions].flat(), finders, base);
  ctx.emit({ type: 'order.chosen', source: describe({ group, pre, post }, file.source), groups: order.length });
  return { ...chosen, finders, given };
}

async function checkThere(
  elements: readonly OrderElement[],
  finders: BaseModules['finders'],
  base: BaseModules,
): Promise<void> {
  const [missing] = await missingFrom(elements, finders);
  if (missing === undefined) return;
  const place = base.placeOf?.(missing);
  throw notInBase(moduleName(missing), missing.kind, {
    name: base.name,
    all: await base.list(missing.kind),
    ...(place === undefined ? {} : { place }),
  });
}

function partOf(opened: OpenedRequest): OrderPart {
  return opened.kind === 'builder-order' ? opened : { kind: 'module', element: elementOf(opened.main) };
}

function elementsOf(opened: readonly OpenedRequest[]): readonly OrderElement[] {
  return opened.map((each) => {
    if (each.kind === 'module') return elementOf(each.main);
    throw new SlipwayError(
      'ARGUMENT_INVALID',
      'the order of the builder cannot stand before or behind its own groups',
      {
        exit: 3,
        hint: 'write from=builder among the values of --buildpack',
      },
    );
  });
}

function elementOf({ kind, id, version }: ModuleDescriptor): OrderElement {
  return { kind, id, version, optional: kind === 'extension' };
}

function ofKind(modules: readonly ModuleDescriptor[], kind: ModuleKind): readonly ModuleDescriptor[] {
  return modules.filter((module) => module.kind === kind);
}

interface OpenedLists {
  readonly group: readonly OpenedRequest[];
  readonly pre: readonly OpenedRequest[];
  readonly post: readonly OpenedRequest[];
}

/** Where the order is from, in words. */
function describe({ group, pre, post }: OpenedLists, base: string): string {
  const name = (each: OpenedRequest): string => (each.kind === 'builder-order' ? base : moduleName(each.main));
  const own = group.length === 0 ? base : group.map(name).join(', ');
  return [
    own,
    ...(pre.length === 0 ? [] : [`behind ${pre.map(name).join(', ')}`]),
    ...(post.length === 0 ? [] : [`before ${post.map(name).join(', ')}`]),
  ].join(', ');
}
