import { tmpdir } from 'node:os';
import type { Machine } from '../../src/platform/machine.ts';

/** An ordinary Linux machine whose working directory is the test's. */
export function testMachine(cwd: string): Machine {
  return {
    env: {},
    home: cwd,
    cwd,
    tmp: tmpdir(),
    architecture: 'amd64',
    platform: 'linux',
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    becomeUser: () => undefined,
  };
}
