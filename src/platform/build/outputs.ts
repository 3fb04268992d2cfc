import { parseCompression, type Compression } from '../../layer/compression.ts';
import { displayLocation } from '../../oci/location.ts';
import { parseReference } from '../../oci/reference.ts';
import type { SinkRequest } from '../sinks.ts';
import type { BuildOptions } from './options.ts';
import { withTags } from './tags.ts';

/**
 * The outputs, each with its compression: its own, else the common one. Those that are directories or archives get the image's name
 * where none was given, so that a rebuild finds its entry again.
 */
export function sinkRequests(options: BuildOptions, common: Compression): readonly SinkRequest[] {
  const outputs = options.outputs.map((output): SinkRequest => {
    const { location, name, text } = output;
    const compression = output.compression === undefined ? common : parseCompression(output.compression);
    const [shown = text] = text.split(/;(?=[a-z-]+=)/);
    const ref = name === undefined ? options.image : displayLocation({ kind: 'registry', reference: name });
    if (location.kind === 'registry' || location.kind === 'docker-daemon' || location.ref !== undefined)
      return { location, shown, compression };
    return {
      location: { ...location, ref },
      imageName: name ?? parseReference(options.image),
      shown: location.kind === 'oci' ? `${shown}:${ref}` : shown,
      compression,
    };
  });
  return withTags(outputs, options.tags ?? []);
}
