import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './context.ts';
import { requirePeer } from './peers.ts';

const TOOLS = [
  'sh',
  'cat',
  'chroot',
  'dd',
  'echo',
  'env',
  'id',
  'kill',
  'ls',
  'mknod',
  'mount',
  'setsid',
  'sleep',
  'touch',
];

/** A small system in a directory, with busybox as shell and tools: what an unpacked builder image is to a sandbox. */
export function smallRoot(test: TestContext): string | undefined {
  const busybox = requirePeer(test, 'busybox');
  if (busybox === undefined) return undefined;
  const root = join(temporaryDirectory(test), 'small');
  for (const name of ['bin', 'etc', 'home/cnb', 'layers', 'real', 'tmp', 'usr/bin']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync(busybox, join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  for (const name of TOOLS) symlinkSync('busybox', join(root, 'bin', name));
  symlinkSync('/real', join(root, 'linked'));
  writeFileSync(join(root, 'etc/shadow'), "the builder's\n");
  writeFileSync(join(root, 'bin/plain'), '#!/bin/sh\n', { mode: 0o644 });
  writeFileSync(join(root, 'bin/lost'), '#!/no/such/interpreter\n', { mode: 0o755 });
  return root;
}
