import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { decodeModuleListing } from '../../../src/cnb/files/module-listing.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { scaffold } from '../../../src/platform/scaffold/scaffold.ts';
import type { ScaffoldChoice } from '../../../src/platform/scaffold/scaffold-files.ts';
import { temporaryDirectory } from '../../support/context.ts';
import { requirePeer } from '../../support/peers.ts';

const CHOICE: ScaffoldChoice = {
  kind: 'buildpack',
  id: 'acme/greeter',
  version: '0.1.0',
  api: '0.10',
  targets: ['linux/amd64', 'linux/arm64/v8'].map(parsePlatform),
  template: 'sh',
};

describe('scaffold', () => {
  it('writes a descriptor that is read back, and programs that can be run', async (t) => {
    for (const choice of [CHOICE, { ...CHOICE, template: 'node' }, { ...CHOICE, kind: 'extension' }] as const) {
      const directory = join(temporaryDirectory(t), 'new');
      const files = await scaffold(choice, directory);
      const file = join(directory, `${choice.kind}.toml`);
      const listing = decodeModuleListing(readFileSync(file), file, choice.kind);
      assert.deepEqual([listing.id, listing.version, listing.api], ['acme/greeter', '0.1.0', '0.10']);
      assert.deepEqual(
        listing.targets.map(({ os, arch, variant }) => [os, arch, variant]),
        [
          ['linux', 'amd64', ''],
          ['linux', 'arm64', 'v8'],
        ],
      );
      for (const program of files.filter((path) => path.includes('/bin/'))) {
        assert.equal(statSync(program).mode & 0o777, 0o755);
        assert.match(
          readFileSync(program, 'utf8'),
          choice.template === 'node' ? /^#!\/usr\/bin\/env node\n/ : /^#!\/bin\/sh\n/,
        );
      }
      await assert.rejects(() => scaffold(choice, directory), { code: 'WRITE_FAILED' });
    }
  });

  it('its programs in sh are sound to shellcheck', (t) => {
    const shellcheck = requirePeer(t, 'shellcheck');
    if (shellcheck === undefined) return;
    const programs = ['detect', 'build', 'generate'].map((name) => `src/platform/scaffold/${name}.sh`);
    const { status, stdout } = spawnSync(shellcheck, programs, { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });

  it('refuses ids and versions that are none, and a directory that is not empty', async (t) => {
    const directory = temporaryDirectory(t);
    for (const id of ['', 'Acme', 'a//b', '../x', 'config', 'a b', '-a'])
      await assert.rejects(() => scaffold({ ...CHOICE, id }, join(directory, 'x')), { code: 'ARGUMENT_INVALID' });
    await assert.rejects(() => scaffold({ ...CHOICE, version: '1' }, join(directory, 'x')), {
      code: 'ARGUMENT_INVALID',
    });
    writeFileSync(join(directory, 'file'), '');
    await assert.rejects(() => scaffold(CHOICE, directory), { code: 'WRITE_FAILED' });
  });
});
