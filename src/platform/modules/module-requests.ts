import { SlipwayError } from '../../core/errors.ts';
import { isStandardStream } from '../../oci/location.ts';
import { parseModuleLocator } from './locator.ts';
import type { ModuleRequests } from './module-request.ts';
import { registryRefusal } from './registry-refusal.ts';

export const NO_MODULES: ModuleRequests = { group: [], pre: [], post: [], extensions: [] };

/** What can be wrong with the texts alone is said before any work. Throws `ARGUMENT_INVALID`, `REFERENCE_INVALID`. */
export function checkLocators(
  { group, pre, post, extensions }: ModuleRequests,
  { builder, order }: { readonly builder?: string; readonly order?: string },
): void {
  const kinds = [...group, ...pre, ...post, ...extensions].map((request) =>
    request.kind === 'inline' ? undefined : parseModuleLocator(request.text, request.base),
  );
  for (const locator of kinds) if (locator?.kind === 'registry') throw registryRefusal(locator.id, locator.version);
  if (kinds.some((locator) => locator?.kind === 'image' && isStandardStream(locator.location)))
    throw new SlipwayError('ARGUMENT_INVALID', 'a buildpack is not read from standard input', {
      exit: 3,
      hint: 'write it to a file first, and name that',
    });
  const inserted = kinds.slice(0, group.length).some((locator) => locator?.kind === 'builder-order');
  if (inserted && builder === undefined && order === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'there is no order of a builder to insert', {
      exit: 3,
      hint: 'name the builder with --builder LOCATION',
    });
  if (order !== undefined && group.length > 0 && !inserted)
    throw new SlipwayError('ARGUMENT_INVALID', 'an order file and a list of buildpacks both say what the order is', {
      exit: 3,
      hint: 'leave one out, or insert the order into the list: from=builder',
    });
}
