import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';

/** The Node that tests run on; the runner sets it so that programs under test run on the same. */
export const NODE: string = process.env['SLIPWAY_TEST_NODE_PATH'] ?? process.execPath;

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** Variables on top of a small fixed set; nothing of this process's environment but PATH is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly node?: string;
  /** Standard input; default: none. */
  readonly input?: string | Buffer;
}

const SLIPWAY = 'dist/bin/slipway.js';

/** Runs `dist/bin/slipway.js` to its end. */
export function slipway(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  return finished(start([resolve(SLIPWAY), ...args], options));
}

/** Runs one of `bin/lifecycle/*` to its end, Platform API 0.15 unless `env` says otherwise. */
export function lifecycle(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return finished(startLifecycle(program, args, options));
}

/** One of `bin/lifecycle/*`, started, for tests that signal it. */
export function startLifecycle(program: string, args: readonly string[], options: ProgramOptions = {}): ChildProcess {
  return start([resolve('bin/lifecycle', program), ...args], {
    ...options,
    env: { CNB_PLATFORM_API: '0.15', ...options.env },
  });
}

/** A started program, for tests that signal it. */
export function startSlipway(args: readonly string[], options: ProgramOptions = {}): ChildProcess {
  return start([resolve(SLIPWAY), ...args], options);
}

export function finished(child: ChildProcess): Promise<ProgramResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code, signal) =>
      done({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

/** Runs a peer's program; throws with its output when it fails. */
export function peer(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): string {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    maxBuffer: 64 << 20,
  });
  if (result.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')} ended with ${String(result.status)}: ${result.stderr}${result.stdout}`,
    );
  return result.stdout;
}

function start(argv: readonly string[], options: ProgramOptions): ChildProcess {
  const node = options.node ?? NODE;
  const child = spawn(node, ['--enable-source-maps', ...argv], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', LC_ALL: 'C.UTF-8', ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(options.user ?? {}),
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);
  return child;
}
