import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SlipwayError } from '../../../src/core/errors.ts';
import { guessBare, parseModuleLocator } from '../../../src/platform/modules/locator.ts';
import { displayLocation } from '../../../src/oci/location.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('parseModuleLocator', () => {
  it('knows each form by its beginning', () => {
    const rows: readonly (readonly [string, unknown])[] = [
      ['from=builder', { kind: 'builder-order' }],
      ['urn:cnb:builder', { kind: 'builder-order' }],
      ['urn:cnb:builder:acme/node@1.2.3', { kind: 'builder-module', id: 'acme/node', version: '1.2.3' }],
      ['from=builder:acme/node', { kind: 'builder-module', id: 'acme/node', version: '' }],
      ['urn:cnb:registry:acme/node@1.2.3', { kind: 'registry', id: 'acme/node', version: '1.2.3' }],
      ['https://host/a.tgz?x=1', { kind: 'url', url: 'https://host/a.tgz?x=1' }],
      ['file:///a%20b/bp', { kind: 'path', path: '/a b/bp' }],
      ['file://50%/bp', { kind: 'path', path: '/base/50%/bp' }],
      ['oci:dir:name', { kind: 'image', location: { kind: 'oci', dir: '/base/dir', ref: 'name' } }],
      ['oci-archive:/x.tar', { kind: 'image', location: { kind: 'oci-archive', file: '/x.tar' } }],
      ['acme/node', { kind: 'bare', text: 'acme/node' }],
      ['./dir', { kind: 'bare', text: './dir' }],
    ];
    for (const [text, wanted] of rows) assert.deepEqual(parseModuleLocator(text, '/base'), wanted, text);
    const image = parseModuleLocator('docker://host.example/a/b:1', '/base');
    assert.equal(image.kind === 'image' ? displayLocation(image.location) : '', 'host.example/a/b:1');
  });

  it('refuses what names nothing', () => {
    for (const text of [
      '',
      ' ',
      'urn:cnb:builder:',
      'urn:cnb:builder:a@',
      'urn:cnb:registry',
      'urn:other:x',
      's3://b/k',
    ])
      assert.throws(() => parseModuleLocator(text, '/base'), { code: 'ARGUMENT_INVALID' }, text);
    assert.throws(() => parseModuleLocator('docker://', '/base'), { code: 'REFERENCE_INVALID' });
  });

  it('answers any text with a locator or with an error of ours', async () => {
    const words = [
      'from=builder',
      'urn:cnb:',
      'registry:',
      'docker://',
      'oci:',
      '@',
      '/',
      'a',
      'file://',
      '%',
      ':',
      DIGEST,
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.boolean(), fc.boolean(), async (given, isThere, isKnown) => {
        const facts = {
          base: '/base',
          exists: () => Promise.resolve(isThere),
          isInBuilder: () => Promise.resolve(isKnown),
        };
        try {
          const found = parseModuleLocator(given, '/base');
          const guessed = found.kind === 'bare' ? await guessBare(found.text, facts) : found;
          assert.notEqual(guessed.kind, 'bare');
        } catch (error) {
          assert.ok(error instanceof SlipwayError, String(error));
          assert.ok(['ARGUMENT_INVALID', 'REFERENCE_INVALID'].includes(error.code), error.code);
        }
      }),
    );
  });
});

describe('guessBare', () => {
  const guess = async (text: string, there: { readonly path?: string; readonly id?: string } = {}): Promise<string> => {
    const found = await guessBare(text, {
      base: '/base',
      exists: (path) => Promise.resolve(path === there.path),
      isInBuilder: (id, version) => Promise.resolve(there.id === (version === '' ? id : `${id}@${version}`)),
    });
    return found.kind;
  };

  it('takes what exists, then the builder’s, then a registry id, then an image', async () => {
    assert.equal(await guess('acme/node', { path: '/base/acme/node', id: 'acme/node' }), 'path');
    assert.equal(await guess('acme/node', { id: 'acme/node' }), 'builder-module');
    assert.equal(await guess('acme/node@1.0.0', { id: 'acme/node@1.0.0' }), 'builder-module');
    assert.equal(await guess('acme/node'), 'registry');
    assert.equal(await guess('acme/node@1.0.0'), 'registry');
    assert.equal(await guess('node@1'), 'registry');
    assert.equal(await guess('acme/node:1'), 'image');
    assert.equal(await guess(`acme/node@${DIGEST}`), 'image');
    assert.equal(await guess('localhost:5000/node'), 'image');
    assert.equal(await guess('host.example/node'), 'image');
    assert.equal(await guess('host.example/acme/node'), 'image');
  });

  it('takes for a path what nobody means as an image', async () => {
    for (const text of ['./node', '../node', '/abs/node', 'node.tgz', 'dir/node.tar.gz', 'Node.cnb'])
      assert.equal(await guess(text), 'path', text);
  });
});
