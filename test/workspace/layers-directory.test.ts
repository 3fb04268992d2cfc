import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readEnvDirectory } from '../../src/workspace/env-directory.ts';
import { listLayers } from '../../src/workspace/layers-directory.ts';
import { listSbomFiles } from '../../src/workspace/sbom-files.ts';
import { temporaryDirectory } from '../support/context.ts';
import { rejectionOf } from '../support/failure.ts';

describe('layers on disk', () => {
  it('have a directory, a file, or both; dots are part of a name', async (t) => {
    const directory = temporaryDirectory(t);
    for (const name of ['both', 'a.b', 'dir-only', 'gone.ignore']) mkdirSync(join(directory, name));
    for (const name of ['both', 'a.b', 'file-only', 'launch', 'build', 'store']) {
      writeFileSync(join(directory, `${name}.toml`), '[types]\nlaunch = true');
    }
    writeFileSync(join(directory, 'launch.sbom.cdx.json'), '{}');
    const layers = await listLayers(directory);
    assert.deepEqual(
      layers.map(({ name, hasContents, file }) => [name, hasContents, file?.types.launch]),
      [
        ['a.b', true, true],
        ['both', true, true],
        ['dir-only', true, undefined],
        ['file-only', false, true],
      ],
    );
    assert.equal(layers[0]?.path, join(directory, 'a.b'));
  });

  it('carry the reason why their file cannot be read', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'bad.toml'), 'x');
    writeFileSync(join(directory, 'old.toml'), 'launch = true');
    const [bad, old] = await listLayers(directory);
    assert.equal(bad?.problem?.code, 'FILE_INVALID');
    assert.match(old?.problem?.message ?? '', /^the launch, cache and build flags should be in the types table of /);
  });

  it('are none where there is no directory', async (t) => {
    assert.deepEqual(await listLayers(join(temporaryDirectory(t), 'none')), []);
  });

  it('keep their SBOM, dots or not (GAP-22)', async (t) => {
    const directory = temporaryDirectory(t);
    for (const name of [
      'a.b.sbom.cdx.json',
      'a.sbom.spdx.json',
      'other.sbom.cdx.json',
      'launch.sbom.syft.json',
      'build.sbom.xml.json',
      'a.sbom.cdx.txt',
      'a.sbom.json',
    ]) {
      writeFileSync(join(directory, name), '{}');
    }
    const found = await listSbomFiles(directory, ['a', 'a.b']);
    assert.deepEqual(
      found.map(({ scope, format, mediaType }) => [
        scope.kind === 'layer' ? `layer ${scope.name}` : scope.kind,
        format,
        mediaType,
      ]),
      [
        ['layer a.b', 'cdx', 'application/vnd.cyclonedx+json'],
        ['layer a', 'spdx', 'application/spdx+json'],
        ['build', 'xml', undefined],
        ['launch', 'syft', 'application/vnd.syft+json'],
      ],
    );
  });
});

describe('environment directories', () => {
  it('give files in byte order with their exact contents; directories and links to them are skipped', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'b'), 'x\n');
    writeFileSync(join(directory, 'B.append'), 'é ');
    writeFileSync(join(directory, 'c'), '\ufeff');
    mkdirSync(join(directory, 'sub'));
    symlinkSync('sub', join(directory, 'link-to-directory'));
    symlinkSync('b', join(directory, 'link-to-file'));
    assert.deepEqual(await readEnvDirectory(directory), [
      { name: 'B.append', value: 'é ' },
      { name: 'b', value: 'x\n' },
      { name: 'c', value: '\ufeff' },
      { name: 'link-to-file', value: 'x\n' },
    ]);
    assert.deepEqual(await readEnvDirectory(join(directory, 'none')), []);
  });

  for (const [what, bytes] of [
    ['a NUL byte', Buffer.from('a\0b')],
    ['bytes that are not UTF-8', Buffer.from([0xff])],
  ] as const) {
    it(`refuse a value with ${what}, naming the file`, async (t) => {
      const directory = temporaryDirectory(t);
      writeFileSync(join(directory, 'A'), bytes);
      const error = await rejectionOf(readEnvDirectory(directory));
      assert.equal(error.code, 'FILE_INVALID');
      assert.equal(error.message, `environment file ${join(directory, 'A')} has ${what}`);
    });
  }

  it('refuse a dangling link', async (t) => {
    const directory = temporaryDirectory(t);
    symlinkSync('nowhere', join(directory, 'A'));
    assert.equal((await rejectionOf(readEnvDirectory(directory))).code, 'FILE_NOT_FOUND');
  });
});
