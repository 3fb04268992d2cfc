import { displayLocation } from '../../oci/location.ts';
import { parseReference } from '../../oci/reference.ts';
import { placeOf } from '../../locate/place-of.ts';
import type { SinkRequest } from '../sinks.ts';

/**
 * The outputs with additional names: a registry output is pushed to each of them too, in archives and layouts each is a name of the
 * image. Throws `REFERENCE_INVALID`, and `ARGUMENT_INVALID` for a digest.
 */
export function withTags(outputs: readonly SinkRequest[], tags: readonly string[]): readonly SinkRequest[] {
  if (tags.length === 0) return outputs;
  const names = [...new Set(tags.map((tag) => displayLocation({ kind: 'registry', reference: parseReference(tag) })))];
  const named = outputs.map((output): SinkRequest =>
    output.location.kind === 'registry' ? output : { ...output, names },
  );
  const published = outputs.find(({ location }) => location.kind === 'registry');
  if (published === undefined) return named;
  const taken = new Set(outputs.map(({ location }) => placeOf(location)));
  const pushed = names.map((name): SinkRequest => {
    return { ...published, location: { kind: 'registry', reference: parseReference(name) }, shown: name };
  });
  return [...named, ...pushed.filter(({ location }) => !taken.has(placeOf(location)))];
}
