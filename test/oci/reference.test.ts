import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../src/oci/digest.ts';
import {
  formatReference,
  parseReference,
  referenceTarget,
  withDigest,
  type Reference,
} from '../../src/oci/reference.ts';

const DIGEST = digestOf(Buffer.from('x'));

describe('references (contract §2.2)', () => {
  for (const [text, full] of [
    ['app', 'index.docker.io/library/app:latest'],
    ['app:1', 'index.docker.io/library/app:1'],
    ['team/app', 'index.docker.io/team/app:latest'],
    ['docker.io/app', 'index.docker.io/library/app:latest'],
    ['docker.io/team/app:2', 'index.docker.io/team/app:2'],
    ['index.docker.io/library/app', 'index.docker.io/library/app:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['127.0.0.1:5000/base/run:v1', '127.0.0.1:5000/base/run:v1'],
    ['[::1]:5000/base/run', '[::1]:5000/base/run:latest'],
    ['registry.example/a-b_c.d/e:T.a-g_1', 'registry.example/a-b_c.d/e:T.a-g_1'],
    [`app@${DIGEST}`, `index.docker.io/library/app@${DIGEST}`],
    [`app:1@${DIGEST}`, `index.docker.io/library/app:1@${DIGEST}`],
  ] as const) {
    it(`${text.slice(0, 40)} means ${full.slice(0, 50)} (G-05)`, () => {
      assert.equal(formatReference(parseReference(text)), full);
      assert.deepEqual(parseReference(full), parseReference(text));
    });
  }

  for (const text of [
    '',
    ' ',
    'a',
    'App',
    'app:',
    'app:ta g',
    `app:${'x'.repeat(129)}`,
    'app@sha256:1234',
    'app@',
    '/app',
    'app/',
    'team//app',
    'team/../app',
    'registry.example/',
    'registry.example:port/app',
    'regi stry.example/app',
    'https://registry.example/app',
    'x'.repeat(256),
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))} (G-06)`, () => {
      assert.throws(() => parseReference(text), {
        code: 'REFERENCE_INVALID',
        message: `could not parse reference: ${text}`,
      });
    });
  }

  it('a digest decides over a tag', () => {
    assert.equal(referenceTarget(parseReference(`app:1@${DIGEST}`)), DIGEST);
    assert.equal(referenceTarget(parseReference('app')), 'latest');
    assert.equal(
      formatReference(withDigest(parseReference('registry.example/app:1'), DIGEST)),
      `registry.example/app@${DIGEST}`,
    );
  });

  it('format and parse are each other’s inverse', () => {
    fc.assert(
      fc.property(references(), (reference) => {
        assert.deepEqual(parseReference(formatReference(reference)), reference);
      }),
    );
  });
});

function references(): fc.Arbitrary<Reference> {
  const segment = fc.stringMatching(/^[a-z0-9]{2,12}(?:[._-][a-z0-9]{1,5})?$/);
  const registry = fc.constantFrom(
    'index.docker.io',
    'localhost:5000',
    '127.0.0.1:80',
    'registry.example',
    'a.b-c.io:443',
  );
  const repository = fc.array(segment, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/'));
  const tag = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/);
  const digest = fc.uint8Array({ maxLength: 8 }).map(digestOf);
  const name = fc.oneof(
    tag.map((value) => ({ tag: value })),
    digest.map((value) => ({ digest: value })),
    fc.tuple(tag, digest).map(([a, b]) => ({ tag: a, digest: b })),
  );
  return fc.tuple(registry, repository, name).map(([a, b, c]) => ({ registry: a, repository: b, ...c }));
}
