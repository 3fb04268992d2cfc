import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openModuleFile } from '../../../src/platform/package/module-file.ts';
import { temporaryDirectory, testContext } from '../../support/context.ts';
import { packageBed } from '../../support/package-bed.ts';
import { archive, entry } from '../../support/tar.ts';

const BUILD = { name: 'bin/build', mode: 0o755, body: '#!/bin/sh\n' };

describe('openModuleFile', () => {
  it('unpacks a tar or tgz with the descriptor on top, however its names begin', async (t) => {
    const [directory, ctx] = [temporaryDirectory(t), testContext(t)];
    for (const prefix of ['', './', '/', 'acme-node-1.0.0/']) {
      const entries = [{ name: 'buildpack.toml', body: 'api = "0.12"\n' }, BUILD];
      const tar = archive(...entries.map((each) => entry({ ...each, name: `${prefix}${each.name}` })));
      for (const [name, bytes] of [
        ['module.tar', tar],
        ['module.tgz', gzipSync(tar)],
      ] as const) {
        const file = join(directory, name);
        writeFileSync(file, bytes);
        const found = await openModuleFile(file, name, ctx);
        assert.ok(found.kind === 'directory');
        assert.equal(readFileSync(join(found.directory, 'buildpack.toml'), 'utf8'), 'api = "0.12"\n');
        assert.equal(statSync(join(found.directory, 'bin/build')).mode & 0o777, 0o755);
      }
    }
  });

  it('knows a package by what is in it, plain or gzip', async (t) => {
    const bed = packageBed(t);
    await bed.make({ path: bed.directoryOf('acme_node/1.0.0'), to: 'oci-archive:node.cnb' });
    const file = join(bed.directory, 'node.cnb');
    const packed = join(bed.directory, 'node.tgz');
    writeFileSync(packed, gzipSync(readFileSync(file)));
    for (const each of [file, packed])
      assert.deepEqual(await openModuleFile(each, each, bed.ctx), {
        kind: 'image',
        location: { kind: 'oci-archive', file: each },
      });
  });

  it('refuses what is neither, what is no tar, and what would leave its directory', async (t) => {
    const [directory, ctx] = [temporaryDirectory(t), testContext(t)];
    const open = (bytes: Uint8Array): Promise<unknown> => {
      writeFileSync(join(directory, 'x'), bytes);
      return openModuleFile(join(directory, 'x'), 'x', ctx);
    };
    const descriptor = entry({ name: 'buildpack.toml' });
    for (const [bytes, code] of [
      [archive(entry(BUILD)), 'FILE_INVALID'],
      [archive(entry({ name: 'a/buildpack.toml' }), entry({ name: 'b/buildpack.toml' })), 'FILE_INVALID'],
      [Buffer.from('<html>not found</html>'), 'ARCHIVE_INVALID'],
      [archive(descriptor, entry({ name: '../evil', body: 'x' })), 'ARCHIVE_UNSAFE'],
      [archive(descriptor).subarray(0, 512), 'ARCHIVE_INVALID'],
    ] as const)
      await assert.rejects(() => open(bytes), { code });
    await assert.rejects(() => openModuleFile(join(directory, 'none'), 'none', ctx), { code: 'FILE_NOT_FOUND' });
  });
});
