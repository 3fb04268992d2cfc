import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
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

/**
 * A pipe for a child's output and errors together. What Node gives to children are two sockets: the order between the streams is
 * lost, and no program can open them by name (`tee /dev/stderr` is a habit of buildpacks). Undefined where no named pipe can be
 * made: without `mkfifo`, or on a file system that has none.
 */
export async function openOutputPipe(ctx: Context): Promise<OutputPipe | undefined> {
  const directory = await mkdtemp(join(ctx.tmp, 'output-'));
  const path = join(directory, 'pipe');
  try {
    // Who opens it by name may be another user.
    await promisify(execFile)('mkfifo', ['-m', '622', path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, 'w');
    const source = new Socket({ fd: reader, readable: true, writable: false });
    return { source, writer, closeWriter: () => closeSync(writer) };
  } catch {
    // Any reason is good enough to go on with sockets.
    return undefined;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
