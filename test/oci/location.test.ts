import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../src/oci/digest.ts';
import {
  displayLocation,
  formatLocation,
  hasScheme,
  locationAtDigest,
  parseLocation,
  type Location,
} from '../../src/oci/location.ts';
import { parseReference } from '../../src/oci/reference.ts';

const DIGEST = digestOf(Buffer.from('x'));

describe('locations (design §1.1)', () => {
  for (const [text, location] of [
    ['app', { kind: 'registry', reference: parseReference('app') }],
    ['docker://registry.example/app:1', { kind: 'registry', reference: parseReference('registry.example/app:1') }],
    ['oci:out', { kind: 'oci', dir: 'out' }],
    ['oci:/abs/out:1.0', { kind: 'oci', dir: '/abs/out', ref: '1.0' }],
    ['oci:out:registry.example:5000/app:1', { kind: 'oci', dir: 'out', ref: 'registry.example:5000/app:1' }],
    [`oci:out@${DIGEST}`, { kind: 'oci', dir: 'out', digest: DIGEST }],
    [`oci:out:name@${DIGEST}`, { kind: 'oci', dir: 'out', ref: 'name', digest: DIGEST }],
    ['oci:out:name@sha256:12', { kind: 'oci', dir: 'out', ref: 'name@sha256:12' }],
    ['oci:C:\\images:app', { kind: 'oci', dir: 'C:\\images', ref: 'app' }],
    ['oci:c:/images', { kind: 'oci', dir: 'c:/images' }],
    ['oci:a%3Ab%40c%25:x', { kind: 'oci', dir: 'a:b@c%', ref: 'x' }],
    ['oci:50%20off', { kind: 'oci', dir: '50%20off' }],
    ['oci:localhost%3A5000/Team/app', { kind: 'oci', dir: 'localhost:5000/Team/app' }],
    ['oci-archive:app.tar', { kind: 'oci-archive', file: 'app.tar' }],
    ['docker-archive:app.tar:app:1', { kind: 'docker-archive', file: 'app.tar', ref: 'app:1' }],
    ['docker-archive:-', { kind: 'docker-archive', file: '-' }],
    ['docker-daemon:app:1', { kind: 'docker-daemon', ref: 'app:1' }],
  ] as const satisfies readonly (readonly [string, Location])[]) {
    it(text.slice(0, 40), () => {
      assert.deepEqual(parseLocation(text), location);
      assert.deepEqual(parseLocation(formatLocation(parseLocation(text))), location);
    });
  }

  for (const text of [
    'oci:',
    'oci::name',
    'oci:out:',
    `oci:@${DIGEST}`,
    'docker:app',
    'docker-daemon:',
    'oci-archive:',
    'Oci:x',
  ]) {
    it(`refuses ${text.slice(0, 30)}`, () => {
      assert.throws(() => parseLocation(text), { code: 'REFERENCE_INVALID' });
    });
  }

  it('is shown as a person writes it', () => {
    assert.equal(displayLocation(parseLocation('docker://registry.example/app:1')), 'registry.example/app:1');
    assert.equal(displayLocation(parseLocation('oci:out:1')), 'oci:out:1');
  });

  it('at a digest: the same store, no name', () => {
    const at = (text: string): string => displayLocation(locationAtDigest(parseLocation(text), DIGEST));
    assert.equal(at('registry.example/app:1'), `registry.example/app@${DIGEST}`);
    assert.equal(at('oci:out:name'), `oci:out@${DIGEST}`);
    assert.equal(at('docker-archive:a.tar:name'), `docker-archive:a.tar@${DIGEST}`);
  });

  it('tells a scheme from a registry name', () => {
    assert.equal(hasScheme('oci:out'), true);
    assert.equal(hasScheme('docker://app'), true);
    assert.equal(hasScheme('oci/app:1'), false);
  });

  it('format and parse are each other’s inverse, for any path and name', () => {
    fc.assert(
      fc.property(localLocations(), (location) => {
        assert.deepEqual(parseLocation(formatLocation(location)), location);
      }),
      { numRuns: 1000 },
    );
  });

  it('parse and format are each other’s inverse, for any text that parses', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', ':', '@', '%', '3', 'A', '4', '0', '/', '\\', '.', '5', 'sha256:'),
    });
    fc.assert(
      fc.property(texts, (text) => {
        const location = parseLocation(`oci:x${text}y`);
        assert.deepEqual(parseLocation(formatLocation(location)), location);
      }),
      { numRuns: 1000 },
    );
  });
});

function localLocations(): fc.Arbitrary<Location> {
  const path = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const digest = fc.uint8Array({ maxLength: 4 }).map(digestOf);
  const isTail = /@sha256:[0-9a-f]{64}$/;
  const ref = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !isTail.test(text));
  const tail = fc.record({ ref, digest }, { requiredKeys: [] });
  return fc.oneof(
    fc.tuple(path, tail).map(([dir, rest]): Location => ({ kind: 'oci', dir, ...rest })),
    fc.tuple(path, tail).map(([file, rest]): Location => ({ kind: 'oci-archive', file, ...rest })),
    fc.tuple(path, tail).map(([file, rest]): Location => ({ kind: 'docker-archive', file, ...rest })),
  );
}
