import type { ModuleDescriptor, ModuleKind } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { findInBase, notInBase, type BaseModules } from './base-modules.ts';
import type { GivenModules, ModulePorts } from './given-modules.ts';
import { openInlineModule } from './inline-module.ts';
import { guessBare, parseModuleLocator, type ResolvedLocator } from './locator.ts';
import type { ModuleRequest } from './module-request.ts';
import { openPlace } from './open-place.ts';
import { registryRefusal } from './registry-refusal.ts';

/** What a request led to: the builder's order, one of its modules, or modules that were not there before. */
export type OpenedRequest =
  | { readonly kind: 'builder-order' }
  | { readonly kind: 'module'; readonly main: ModuleDescriptor; readonly given: readonly ModuleDescriptor[] };

interface Wanted {
  readonly kind: ModuleKind;
  readonly base: BaseModules;
}

/** Opens what a flag or project.toml names. Throws what is wrong with the text, with the place it names, or with what is there. */
export async function openRequest(
  request: ModuleRequest,
  wanted: Wanted,
  ports: ModulePorts,
  ctx: Context,
): Promise<OpenedRequest> {
  if (request.kind === 'inline') return opened(await openInlineModule(request, ctx));
  const locator = await resolveLocator(request, wanted);
  if (locator.kind === 'builder-order') {
    if (wanted.kind === 'buildpack') return locator;
    throw new SlipwayError('ARGUMENT_INVALID', `--extension cannot be "${request.text}"`, {
      exit: 3,
      hint: 'without --extension the extensions of the builder’s order are tried',
    });
  }
  if (locator.kind === 'builder-module')
    return { kind: 'module', main: await findInBase(locator, wanted.kind, wanted.base), given: [] };
  if (locator.kind === 'registry') throw await notFromRegistry(request.text, locator, wanted);
  return opened(await openPlace(locator, wanted.kind, ports, ctx));
}

function opened({ main, modules }: GivenModules): OpenedRequest {
  return { kind: 'module', main, given: modules };
}

async function resolveLocator(
  { text, base }: ModuleRequest & { readonly kind: 'locator' },
  wanted: Wanted,
): Promise<ResolvedLocator> {
  const locator = parseModuleLocator(text, base);
  if (locator.kind !== 'bare') return locator;
  return guessBare(locator.text, {
    base,
    exists: async (path) => (await pathKind(path)) !== undefined,
    isInBuilder: async (id, version) =>
      (await wanted.base.list(wanted.kind)).some(
        (module) => module.id === id && (version === '' || module.version === version),
      ),
  });
}

/** A bare text may have been meant as an id of the builder. */
async function notFromRegistry(
  text: string,
  { id, version }: { readonly id: string; readonly version: string },
  { kind, base }: Wanted,
): Promise<SlipwayError> {
  const name = version === '' ? id : `${id}@${version}`;
  if (!text.startsWith('urn:')) return notInBase(name, kind, { name: base.name, all: await base.list(kind) });
  return registryRefusal(id, version);
}
