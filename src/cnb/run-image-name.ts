import { hasCode } from '../core/errors.ts';
import { hasScheme } from '../oci/location.ts';
import { formatReference, parseReference, type Reference } from '../oci/reference.ts';

/** Names of run images as run.toml, labels and people write them, compared by what they mean. */

/** The name without digest, registry and tag written out; a text that is no reference as it is. */
export function writtenOutName(name: string): string {
  const reference = referenceOf(name);
  if (reference === undefined) return name;
  const { registry, repository, tag } = reference;
  return formatReference({ registry, repository, tag: tag ?? 'latest' });
}

/** `registry/repository`; undefined for a text that is no reference, such as a path. */
export function repositoryOfName(name: string): string | undefined {
  const reference = referenceOf(name);
  return reference === undefined ? undefined : `${reference.registry}/${reference.repository}`;
}

function referenceOf(name: string): Reference | undefined {
  const [text = ''] = name.replace(/^docker:\/\//, '').split(/@sha256:/);
  if (hasScheme(text)) return undefined;
  try {
    return parseReference(text);
  } catch (error) {
    if (hasCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}
