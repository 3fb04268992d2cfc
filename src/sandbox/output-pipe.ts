import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Context } from '../core/context.ts';

/** The two ends of a pipe. */
export interface OutputPipe {
  readonly source: Readable;
  /** For a child, as standard output and standard error. */
  readonly writer: number;
  /** The child has its own: without this the source never ends. */
  readonly closeWriter: () => void;
}

/** A process is started to make them, which takes longer than all else here: one makes some for the next programs too. */
const MADE_AT_ONCE = 16;

/** Named pipes that nobody opened yet, by the temporary directory they are in. */
const unused = new Map<string, Promise<string[] | undefined>>();

/**
 * A pipe for a child's output and errors together. What Node gives to children are two sockets: the order between the streams is
 * lost, and no program can open them by name (`tee /dev/stderr` is a habit of buildpacks). Undefined where no named pipe can be
 * made: without `mkfifo`, or on a file system that has none. Each pipe serves once: a process that got away may still hold the last.
 */
export async function openOutputPipe(ctx: Context): Promise<OutputPipe | undefined> {
  const path = await nextName(ctx.tmp);
  if (path === undefined) return undefined;
  try {
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, 'w');
    const source = new Socket({ fd: reader, readable: true, writable: false });
    return { source, writer, closeWriter: () => closeSync(writer) };
  } catch {
    // Any reason is good enough to go on with sockets.
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
}

/** Throws where the directory is none that can be written to. */
async function nextName(directory: string): Promise<string | undefined> {
  for (;;) {
    const making = unused.get(directory) ?? makePipes(directory);
    unused.set(directory, making);
    const names = await making.catch((error: unknown) => {
      unused.delete(directory);
      throw error;
    });
    const name = names?.shift();
    if (name !== undefined) return name;
    if (unused.get(directory) === making) unused.delete(directory);
    if (names === undefined) return undefined;
  }
}

async function makePipes(directory: string): Promise<string[] | undefined> {
  const home = await mkdtemp(join(directory, 'output-'));
  const names = Array.from({ length: MADE_AT_ONCE }, (_, index) => join(home, String(index)));
  try {
    // Who opens one by its name may be another user.
    await promisify(execFile)('mkfifo', ['-m', '622', ...names]);
    return names;
  } catch {
    await rm(home, { recursive: true, force: true });
    return undefined;
  }
}
