import { chownSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isSystem } from '../core/errors.ts';
import { architectureOf } from '../oci/platform.ts';
import type { Machine } from '../platform/machine.ts';
import { writeCode } from './code-cache.ts';
import { standardStreams } from './standard-streams.ts';

/** The facts about this process and machine. `tmp` is the command's own directory, which goes with a change of user. */
export function thisMachine(tmp: string): Machine {
  return {
    env: process.env,
    home: absolute(process.env['HOME']) ?? absolute(homeOfUser()),
    cwd: process.cwd(),
    tmp: tmpdir(),
    architecture: architectureOf(process.arch),
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
    standard: standardStreams(),
    writeError: (text) => void process.stderr.write(text),
    isTerminal: process.stdin.isTTY && process.stdout.isTTY,
    program: [process.execPath, ...process.argv.slice(1, 2)],
    writeOutput: (stream, bytes) => void process[stream].write(bytes),
    becomeUser: (uid, gid) => {
      writeCode();
      chownSync(tmp, uid, gid);
      process.setgroups?.([gid]);
      process.setgid?.(gid);
      process.setuid?.(uid);
    },
  };
}

/** An empty HOME is none, and a relative one would lead wherever the program was started. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') === true ? path : undefined;
}

/** Without HOME the user database is asked, in which a container's user often is not. */
function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch (error) {
    if (isSystem(error, 'ERR_SYSTEM_ERROR')) return undefined;
    throw error;
  }
}
