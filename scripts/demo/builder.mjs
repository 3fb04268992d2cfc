// testdata/samples/builder.toml over other base images than it names, and from another place.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';

const SAMPLES = join(ROOT, 'testdata/samples');

/** A builder.toml of the sample buildpacks over the locations of a build image and a run image. */
export function sampleBuilder({ build, run }) {
  return readFileSync(join(SAMPLES, 'builder.toml'), 'utf8')
    .replaceAll('oci:.build/base-images:build', build)
    .replaceAll('oci:.build/base-images:run', run)
    .replaceAll('uri = "', `uri = "${SAMPLES}/`);
}
