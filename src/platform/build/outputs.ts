import { SlipwayError } from '../../core/errors.ts';
import { DEFAULT_COMPRESSION, parseCompression, type Compression } from '../../layer/compression.ts';
import { displayLocation } from '../../oci/location.ts';
import { parseReference } from '../../oci/reference.ts';
import type { OutputRequest } from '../../options/output.ts';
import type { SinkRequest } from '../sinks.ts';
import type { BuildOptions } from './options.ts';
import { withTags } from './tags.ts';

/** Outputs that are directories or archives get the image's name where none was given, so that a rebuild finds its entry again. */
export function sinkRequests(options: BuildOptions): readonly SinkRequest[] {
  const outputs = options.outputs.map(({ location, name, text }): SinkRequest => {
    const [shown = text] = text.split(/;(?=[a-z-]+=)/);
    const ref = name === undefined ? options.image : displayLocation({ kind: 'registry', reference: name });
    if (location.kind === 'registry' || location.kind === 'docker-daemon' || location.ref !== undefined)
      return { location, shown };
    return {
      location: { ...location, ref },
      imageName: name ?? parseReference(options.image),
      shown: location.kind === 'oci' ? `${shown}:${ref}` : shown,
    };
  });
  return withTags(outputs, options.tags ?? []);
}

/** One image has one compression: outputs share their manifest digest (design §1.2). */
export function chooseCompression(outputs: readonly OutputRequest[]): Compression {
  const asked = [
    ...new Set(outputs.flatMap((output) => (output.compression === undefined ? [] : [output.compression]))),
  ];
  if (asked.length > 1) {
    throw new SlipwayError('ARGUMENT_INVALID', `outputs ask for different compressions: ${asked.join(', ')}`, {
      hint: 'all outputs of one build have one manifest digest: choose one compression',
    });
  }
  return asked[0] === undefined ? DEFAULT_COMPRESSION : parseCompression(asked[0]);
}
