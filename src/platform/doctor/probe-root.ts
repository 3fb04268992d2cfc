import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../../core/context.ts';
import { isSystem } from '../../core/errors.ts';

const SHELL = '/bin/sh';
/** Directories that a builder image has. */
const DIRECTORIES = ['bin', 'dev', 'etc', 'home', 'layers', 'proc', 'sys', 'tmp', 'usr/bin', 'var/tmp'];

/**
 * The smallest root that a command can run in: this machine's shell and what it needs, below the context's temporary directory. It is to
 * a probe what an unpacked builder image is to a build. Undefined where there is no shell to copy.
 */
export async function makeProbeRoot(ctx: Context): Promise<string | undefined> {
  const root = await mkdtemp(join(ctx.tmp, 'probe-root-'));
  await chmod(root, 0o755);
  for (const name of DIRECTORIES) await mkdir(join(root, name), { recursive: true });
  try {
    await copyProgram(await realpath(SHELL), join(root, SHELL));
    for (const path of await neededFiles()) await copyProgram(await realpath(path), join(root, path));
    return root;
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}

/** The loader and the libraries, as glibc's loader lists them; of another C library the loader alone, which is that library. */
async function neededFiles(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(SHELL, ['-c', ':'], { env: { LD_TRACE_LOADED_OBJECTS: '1' } });
  const listed = [...stdout.matchAll(/(?:=> |^\s*)(\/[^\s()]+)/gm)].flatMap(([, path]) =>
    path === undefined ? [] : [path],
  );
  if (listed.length > 0) return listed;
  const program = (await readFile(SHELL)).toString('latin1');
  const loader = /\0(\/lib[\w./-]*ld[\w.-]*\.so[\w.]*)\0/.exec(program)?.[1];
  return loader === undefined ? [] : [loader];
}

async function copyProgram(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, 0o755);
}
