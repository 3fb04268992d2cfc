import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { findProgram } from '../../../src/phases/export/find-program.ts';
import { temporaryDirectory, testContext } from '../../support/context.ts';

describe('a program of the image that is to be made', () => {
  it('is a file that may be run, or a link, of the app or a launch layer', async (test) => {
    const directory = temporaryDirectory(test);
    const write = (path: string, mode: number): void => {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), '');
      chmodSync(join(directory, path), mode);
    };
    write('here/bin/plain', 0o644);
    write('here/bin/program', 0o755);
    write('here/bin/program.d/file', 0o755);
    write('layers/test_one/tool/bin/serve', 0o755);
    write('layers/test_one/build/bin/serve', 0o755);
    writeFileSync(join(directory, 'layers/test_one/tool.toml'), '[types]\nlaunch = true\n');
    writeFileSync(join(directory, 'layers/test_one/build.toml'), '[types]\nbuild = true\n');
    symlinkSync('/layers/elsewhere', join(directory, 'here/bin/link'));
    const place = { owner: { uid: 1000, gid: 1000 }, parents: [] };
    const input = {
      app: { logical: '/workspace', real: join(directory, 'here'), ...place },
      layers: { logical: '/layers', real: join(directory, 'layers'), ...place },
      group: [{ kind: 'buildpack', id: 'test/one', version: '1', api: '0.12' }],
      previous: undefined,
      runImage: { kind: 'scratch', platform: { os: 'linux', architecture: 'amd64' }, family: 'oci' },
    } as const;
    const find = (...paths: readonly string[]): Promise<string | undefined> =>
      findProgram(paths, input, { cache: undefined, launchCache: undefined }, testContext(test));
    const app = ['/workspace/bin/gone', '/workspace/bin/plain', '/workspace/bin/program.d'];
    assert.equal(await find(...app, '/workspace/bin/program', '/workspace/bin/link'), '/workspace/bin/program');
    assert.equal(await find('/bin/program', '/workspace/bin/link'), '/workspace/bin/link');
    const [built, tool] = ['/layers/test_one/build/bin/serve', '/layers/test_one/tool/bin/serve'];
    assert.equal(await find(built, tool), tool);
    assert.equal(await find('/workspace/bin/program/below', '/usr/bin/program'), undefined);
  });
});
