import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { startRegistry } from '../../support/registry.ts';
import { layerFile, layerNames } from '../../support/layer-names.ts';
import { packageBed, type PackageBed } from '../../support/package-bed.ts';

const PROGRAM = '#!/bin/sh\nexit 0\n';

describe('what a package has of a directory', () => {
  it('another checkout, umask or user gives the same digest: modes are those that git keeps', async (t) => {
    const bed = packageBed(t);
    const path = bed.directoryOf('acme_node/1.0.0');
    const copy = join(bed.directory, 'elsewhere', 'deep');
    cpSync(path, copy, { recursive: true });
    const bin = join(copy, 'bin');
    for (const [file, mode] of [
      [join(copy, 'buildpack.toml'), 0o600],
      [join(bin, 'build'), 0o4777],
      [join(bin, 'detect'), 0o700],
      [bin, 0o700],
      [copy, 0o2777],
    ] as const)
      chmodSync(file, mode);
    const [one, two] = [await bed.make({ path, to: 'oci:a:a' }), await bed.make({ path: copy, to: 'oci:b:b' })];
    assert.equal(one.digest, two.digest);
  });

  it('links are kept as links; sockets and fifos are left out with a warning', async (t) => {
    const bed = packageBed(t);
    const path = bed.directoryOf('acme_node/1.0.0');
    symlinkSync('build', join(path, 'bin', 'again'));
    symlinkSync('/etc/passwd', join(path, 'outside'));
    assert.equal(spawnSync('mkfifo', [join(path, 'pipe')]).status, 0);
    const server = createServer().listen(join(path, 'socket'));
    t.after(() => server.close());
    await bed.make({ path, to: 'oci:a:a' });
    const names = await layerNames((await bed.find('oci:a:a')).layers[0], bed.ctx);
    const links = names.filter((name) => name.startsWith('symlink'));
    assert.deepEqual([links.length, names.length], [2, 10], names.join('\n'));
    for (const name of ['bin/again', 'outside'])
      assert.ok(links.includes(`symlink 0:0 777 /cnb/buildpacks/acme_node/1.0.0/${name}`), links.join());
    assert.deepEqual(warnings(bed).sort(), [
      '/cnb/buildpacks/acme_node/1.0.0/pipe is a fifo and left out',
      '/cnb/buildpacks/acme_node/1.0.0/socket is a socket and left out',
    ]);
  });

  it('doubtful programs are warned about: Windows line ends, no execute bit, missing, a link to outside', async (t) => {
    const bed = packageBed(t);
    const path = bed.directoryOf('acme_node/1.0.0');
    writeFileSync(join(path, 'bin', 'build'), PROGRAM.replaceAll('\n', '\r\n'));
    rmSync(join(path, 'bin', 'detect'));
    writeFileSync(join(path, 'bin', 'helper'), PROGRAM);
    symlinkSync('../../other', join(path, 'bin', 'link'));
    chmodSync(join(path, 'bin', 'build'), 0o644);
    await bed.make({ path, to: 'oci:a:a' });
    assert.deepEqual(warnings(bed), [
      'acme/node@1.0.0: bin/detect is missing',
      'acme/node@1.0.0: bin/build is not executable: run chmod +x',
      'acme/node@1.0.0: bin/build has Windows line ends: Linux looks for an interpreter with a CR in its name',
      'acme/node@1.0.0: bin/link is a link to outside of it',
    ]);
  });

  it('a directory OS/ARCH is what that platform gets, with the descriptor of all', async (t) => {
    const bed = packageBed(t);
    const path = bed.directoryOf('acme_node/1.0.0');
    mkdirSync(join(path, 'linux', 'arm64', 'bin'), { recursive: true });
    for (const name of ['build', 'detect'])
      writeFileSync(join(path, 'linux', 'arm64', 'bin', name), `${PROGRAM}# arm64\n`, { mode: 0o755 });
    const platforms = ['linux/amd64', 'linux/arm64'].map(parsePlatform);
    await bed.make({ path, to: 'oci:out:node', platforms });
    const [amd, arm] = await Promise.all(platforms.map((platform) => bed.find('oci:out:node', platform)));
    const root = '/cnb/buildpacks/acme_node/1.0.0';
    assert.match(await layerFile(arm?.layers[0], `${root}/bin/build`, bed.ctx), /# arm64/);
    assert.match(await layerFile(arm?.layers[0], `${root}/buildpack.toml`, bed.ctx), /acme\/node/);
    assert.doesNotMatch(await layerFile(amd?.layers[0], `${root}/bin/build`, bed.ctx), /# arm64/);
  });

  it('a .cnb holds one platform: several get a file each, beside an index elsewhere', async (t) => {
    const bed = packageBed(t);
    const registry = await startRegistry(t);
    const path = bed.directoryOf('acme_node/1.0.0');
    const platforms = ['linux/amd64', 'linux/arm64/v8'].map(parsePlatform);
    const files = {
      location: { kind: 'oci-archive', file: join(bed.directory, 'node.cnb') },
      shown: 'node.cnb',
    } as const;
    const outputs = [files, { location: bed.at(`${registry.name}/node:1`), shown: 'node:1' }];
    const saved = await bed.make({ path, to: '', platforms, outputs });
    assert.deepEqual(
      saved.images.map((image) => image.files),
      [['node-linux-amd64.cnb'], ['node-linux-arm64-v8.cnb']],
    );
    assert.deepEqual(
      readdirSync(bed.directory).filter((name) => name.endsWith('.cnb')),
      ['node-linux-amd64.cnb', 'node-linux-arm64-v8.cnb'],
    );
    const one = await bed.find('oci-archive:node-linux-amd64.cnb');
    assert.equal(one.manifestDigest, saved.images[0]?.digest);
    assert.equal((await bed.find(`${registry.name}/node:1`, platforms[1])).indexDigest, saved.digest);
  });

  it('an id or version that would lead elsewhere is refused', async (t) => {
    const bed = packageBed(t);
    const path = join(bed.directory, 'evil');
    mkdirSync(path);
    writeFileSync(join(path, 'buildpack.toml'), 'api = "0.12"\n[buildpack]\nid = "x"\nversion = "../../y"\n');
    await assert.rejects(() => bed.make({ path, to: 'oci:a:a' }), { code: 'FILE_INVALID' });
  });
});

function warnings({ ctx }: PackageBed): string[] {
  return ctx.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
}
