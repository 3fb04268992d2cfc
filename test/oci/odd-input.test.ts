import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SlipwayError } from '../../src/core/errors.ts';
import { parseRegistryAuth } from '../../src/keychain/env-auth.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { decodeImageConfig } from '../../src/oci/image-config.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { decodeManifest } from '../../src/oci/manifest.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { parseChallenges } from '../../src/registry/challenge.ts';
import { decodeIndexJson } from '../../src/store/index-json.ts';
import { oddBytes, oddJson } from '../support/odd-data.ts';

const words = (text: string): readonly string[] => text.split(' ');
const MANIFEST = words(
  'schemaVersion mediaType config layers manifests digest size platform os architecture annotations data urls subject artifactType',
);
const CONFIG = words(
  'os architecture variant rootfs type diff_ids history created empty_layer config Env Labels User Cmd os.features author',
);
const TYPES = words(
  'application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.index.v1+json application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.distribution.manifest.list.v2+json text/plain',
);

describe('whatever a registry or a layout holds', () => {
  for (const [what, keys, decode] of [
    ['a manifest or index', MANIFEST, decodeAnyManifest],
    ['index.json', MANIFEST, (bytes: Uint8Array) => decodeIndexJson(bytes, 'the layout x')],
    ['an image config', CONFIG, (bytes: Uint8Array) => decodeImageConfig(bytes, 'the image x')],
  ] as const) {
    it(`${what} is read or refused with its name`, () => {
      const inputs = fc.oneof(
        { weight: 8, arbitrary: oddJson(keys).map((text) => Buffer.from(text)) },
        { weight: 1, arbitrary: oddBytes() },
      );
      fc.assert(
        fc.property(inputs, (bytes) => {
          const error = thrownBy(() => decode(bytes));
          if (error !== undefined) assert.match(error.message, / x\b/);
        }),
        { numRuns: 200 },
      );
    });
  }

  it('a name, a location, a platform, credentials and a challenge are read or refused', () => {
    const pieces = fc.constantFrom(
      ...words(
        'a A 0 - _ . / : @ % [ ] ; = " , \\ \u0000 é sha256: oci: docker:// oci-archive: docker-archive: localhost:5000 linux amd64 Basic Bearer realm {"a": }',
      ),
      ' ',
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 10 }).map((parts) => parts.join('')),
        (text) => {
          for (const parse of [parseReference, parseLocation, parsePlatform, parseRegistryAuth, parseChallenges])
            thrownBy(() => parse(text));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function decodeAnyManifest(bytes: Uint8Array): void {
  for (const mediaType of TYPES) {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
    const error = thrownBy(() => decodeManifest({ descriptor, bytes }, 'the image x'));
    if (error !== undefined) throw error;
  }
}

function thrownBy(task: () => unknown): SlipwayError | undefined {
  try {
    task();
    return undefined;
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
}
