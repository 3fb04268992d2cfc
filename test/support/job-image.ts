import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { findTool, missingPeer } from './peers.ts';
import { NODE, peer } from './program.ts';

/** What a CI job's image has beside Node: what sandboxes are made of. */
const TOOLS = [
  'sh',
  'bwrap',
  'setpriv',
  'unshare',
  'mount',
  'chroot',
  'cp',
  'chown',
  'chmod',
  'mknod',
  'mkfifo',
  'ls',
  'cat',
];

/** The program with Node and tools of this machine, as the root directory of a CI job; undefined where one is missing. */
export function jobRoot(t: TestContext, root: string): string | undefined {
  for (const name of ['bin', 'lib', 'lib64', 'etc', 'tmp', 'slipway', 'work'])
    mkdirSync(join(root, name), { recursive: true });
  symlinkSync('.', join(root, 'usr'));
  symlinkSync('bin', join(root, 'sbin'));
  chmodSync(join(root, 'tmp'), 0o1777);
  copyWithLibraries(NODE, join(root, 'bin/node'), root);
  for (const name of TOOLS) {
    const path = findTool(name);
    if (path === undefined) {
      missingPeer(t, `${name} is not installed`);
      return undefined;
    }
    copyWithLibraries(path, join(root, 'bin', name), root);
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
  writeFileSync(join(root, 'etc/os-release'), 'ID=job\n');
  cpSync(resolve('dist'), join(root, 'slipway/dist'), { recursive: true, filter: (path) => !path.endsWith('.map') });
  return root;
}

/** The dynamic linker and the libraries lie where the program looks for them. */
function copyWithLibraries(from: string, to: string, root: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
  for (const [path = ''] of spawnSync('ldd', [from], { encoding: 'utf8' }).stdout.matchAll(/\/\S+(?= \(0x)/g)) {
    const target = join(root, dirname(path).startsWith('/lib64') ? 'lib64' : 'lib', basename(path));
    copyFileSync(path, target);
    chmodSync(target, 0o755);
  }
}

/** Makes a directory an image of an engine. */
export function importImage(docker: readonly string[], root: string, name: string): void {
  peer('/bin/sh', ['-c', `tar -C "$1" -c . | ${docker.join(' ')} import - ${name} >/dev/null`, 'import', root]);
}
