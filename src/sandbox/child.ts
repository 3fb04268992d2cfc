import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Context } from '../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { openOutputPipe, type OutputPipe } from './output-pipe.ts';
import type { SandboxUser } from './sandbox.ts';
import { onTerminal } from './on-terminal.ts';

export interface ChildRequest {
  readonly command: string;
  readonly args: readonly string[];
  /** The child's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Set by the kernel before the program starts; this process must be root. Other groups are given up. */
  readonly user?: SandboxUser;
  /** File mode bits that the child's new files never have; absent: this process's. */
  readonly umask?: number;
  /** Runs the task that starts the child, synchronously. */
  readonly within?: <T>(task: () => T) => T;
  /** Offered on file descriptor 3. */
  readonly input?: Uint8Array;
  /** Called with the text that came on file descriptor 4 so far. */
  readonly onStatus?: (text: string) => void;
  /** The process to kill so that the child ends by itself with all its kin; absent = the child's process group. */
  readonly victim?: (pid: number) => number | undefined;
  readonly wallMs?: number;
  /** Standard output and error come through one pipe, in order, as `stdout`. */
  readonly joinsOutput?: boolean;
  /** Has this process's terminal in the place of pipes. */
  readonly isInteractive?: boolean;
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
}

export type ChildExit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timed-out'; readonly wallMs: number }
  | { readonly kind: 'not-started'; readonly cause: Error };

/**
 * Starts a program in a process group of its own, hands out its output as it comes and waits until it and its group are gone.
 * A process that got away and keeps the output open is not waited for longer than a moment. An abort kills the group, waits for
 * the end and throws `INTERRUPTED`.
 */
export async function runChild(request: ChildRequest, ctx: Context): Promise<ChildExit> {
  throwIfAborted(ctx, request);
  const isPiped = request.joinsOutput === true && request.isInteractive !== true;
  const pipe = isPiped ? await openOutputPipe(ctx) : undefined;
  let child: ChildProcess;
  try {
    throwIfAborted(ctx, request);
    child = start(request, pipe);
  } catch (error) {
    pipe?.source.destroy();
    if (error instanceof Error && isSystem(error, 'E2BIG', 'ENOMEM', 'EAGAIN', 'EMFILE', 'EACCES', 'EPERM')) {
      return { kind: 'not-started', cause: error };
    }
    throw error;
  } finally {
    pipe?.closeWriter();
  }
  const timeOut = new AbortController();
  const kill = (): void => killTree(child, child.pid === undefined ? undefined : request.victim?.(child.pid));
  const timer =
    request.wallMs === undefined
      ? undefined
      : setTimeout(() => {
          timeOut.abort();
          kill();
        }, request.wallMs);
  ctx.signal.addEventListener('abort', kill, { once: true });
  try {
    const exit = await exitOf(child, request, pipe?.source);
    throwIfAborted(ctx, request);
    return timeOut.signal.aborted ? { kind: 'timed-out', wallMs: request.wallMs ?? 0 } : exit;
  } finally {
    clearTimeout(timer);
    ctx.signal.removeEventListener('abort', kill);
  }
}

/** How long output may still come after the program has ended. */
const DRAIN_MS = 250;
/** How long a killed program's monitor may take to notice. */
const MONITOR_MS = 2000;

function spawnChild(request: ChildRequest, output: number | 'pipe'): ChildProcess {
  const isInteractive = request.isInteractive === true;
  const { command, args } = isInteractive ? onTerminal(request) : request;
  return spawn(command, args, {
    env: { ...request.env },
    // A session of its own would have no terminal.
    detached: !isInteractive,
    stdio: [
      ...(isInteractive ? (['inherit', 'inherit', 'inherit'] as const) : (['ignore', output, output] as const)),
      request.input === undefined ? 'ignore' : 'pipe',
      request.onStatus === undefined ? 'ignore' : 'pipe',
    ],
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    ...(request.user === undefined ? {} : { uid: request.user.uid, gid: request.user.gid }),
  });
}

/** Node has no umask for children: they inherit this process's at the moment of the fork, which `spawn` does before it returns. */
function withUmask<T>(umask: number | undefined, task: () => T): T {
  if (umask === undefined) return task();
  const before = process.umask(umask);
  try {
    return task();
  } finally {
    process.umask(before);
  }
}

function start(request: ChildRequest, pipe: OutputPipe | undefined): ChildProcess {
  const within = request.within ?? ((task) => task());
  const child = within(() => withUmask(request.umask, () => spawnChild(request, pipe?.writer ?? 'pipe')));
  pipe?.source.on('data', (bytes: Buffer) => request.onOutput('stdout', bytes));
  child.stdout?.on('data', (bytes: Buffer) => request.onOutput('stdout', bytes));
  child.stderr?.on('data', (bytes: Buffer) => request.onOutput('stderr', bytes));
  const input = child.stdio[3];
  if (request.input !== undefined && isWritable(input)) {
    // A program that ends before it has read everything says why by its exit.
    input.on('error', () => undefined);
    input.end(request.input);
  }
  const status = child.stdio[4];
  if (request.onStatus !== undefined && isReadable(status)) {
    let text = '';
    status.setEncoding('utf8');
    status.on('data', (part: string) => {
      text += part;
      request.onStatus?.(text);
    });
  }
  return child;
}

function exitOf(child: ChildProcess, request: ChildRequest, output: Readable | undefined): Promise<ChildExit> {
  return new Promise((resolve) => {
    let exit: ChildExit | undefined;
    let drain: NodeJS.Timeout | undefined;
    const finish = (): void => {
      if (exit === undefined) return;
      clearTimeout(drain);
      child.stdout?.destroy();
      child.stderr?.destroy();
      output?.destroy();
      resolve(exit);
    };
    child.once('error', (cause) => {
      if (child.pid !== undefined) return;
      exit = { kind: 'not-started', cause: whatIsMissing(cause, request) };
      finish();
    });
    child.once('exit', (code, signal) => {
      exit = code === null ? { kind: 'signalled', signal: signal ?? 'SIGKILL' } : { kind: 'exited', code };
      // Whatever stayed behind in the group must not touch the directories that are packed next.
      killGroup(child);
      drain = setTimeout(finish, DRAIN_MS);
    });
    let open = output === undefined ? 1 : 2;
    const closed = (): void => {
      open -= 1;
      if (open === 0) finish();
    };
    output?.once('close', closed);
    child.once('close', closed);
  });
}

function killTree(child: ChildProcess, victim: number | undefined): void {
  if (victim === undefined) {
    killGroup(child);
    return;
  }
  killProcess(victim);
  const timer = setTimeout(() => killGroup(child), MONITOR_MS);
  child.once('exit', () => clearTimeout(timer));
}

/** An interactive child has no group of its own; then itself, and its terminal's end tells the rest. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  killProcess(-child.pid);
  if (child.exitCode === null && child.signalCode === null) killProcess(child.pid);
}

function killProcess(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch (error) {
    // Gone already, or (EPERM) a group of which only processes of another user are left.
    if (!isSystem(error, 'ESRCH', 'EPERM')) throw error;
  }
}

/** Node says ENOENT with the program's name also when the working directory or the interpreter is what is missing. */
function whatIsMissing(cause: Error, { command, cwd }: ChildRequest): Error {
  if (cwd === undefined || !isSystem(cause, 'ENOENT')) return cause;
  if (!existsSync(cwd)) return new Error(`${cwd}: no such file or directory`, { cause });
  return new Error(`no such file or directory: ${command} (or its interpreter)`, { cause });
}

function throwIfAborted(ctx: Context, request: ChildRequest): void {
  if (!ctx.signal.aborted) return;
  const reason: unknown = ctx.signal.reason;
  if (reason instanceof SlipwayError) throw reason;
  throw new SlipwayError('INTERRUPTED', `stopped while running ${request.command}`, {
    cause: reason,
    details: { reason: messageOf(reason) },
  });
}

function isWritable(stream: Readable | Writable | null | undefined): stream is Writable {
  return stream !== null && stream !== undefined && 'end' in stream;
}

function isReadable(stream: Readable | Writable | null | undefined): stream is Readable {
  return stream !== null && stream !== undefined && 'setEncoding' in stream;
}
