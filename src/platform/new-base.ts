import { hasCode, retold } from '../core/errors.ts';
import { readName, type NamedLocation, type NameRules } from '../options/names.ts';
import type { NewBase } from '../phases/generate/choose-base.ts';

/** Where the base is that a run.Dockerfile names. What is no reference there is an extension's fault, not an argument's: exit 92. */
export function locateNewBase({ id, image }: NewBase, names: NameRules): NamedLocation {
  try {
    return readName(image, names);
  } catch (error) {
    if (!hasCode(error, 'REFERENCE_INVALID')) throw error;
    throw retold(error, {
      message: `failed to parse run.Dockerfile for extension ${id}: FROM ${image}: ${error.message}`,
      exit: 92,
    });
  }
}
