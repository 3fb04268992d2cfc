import { build } from 'esbuild';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Context } from '../../src/core/context.ts';
import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { probeSandbox } from '../../src/sandbox/choose.ts';
import { hostSandbox } from '../../src/sandbox/host.ts';
import type { Mount, Sandbox, SandboxExit, SandboxRequest, SandboxUser } from '../../src/sandbox/sandbox.ts';
import { testContext } from './context.ts';
import { missingPeer } from './peers.ts';
import { NODE } from './program.ts';

/** The user of buildpacks in tests. */
export const BUILD_USER: SandboxUser = { uid: 1000, gid: 1000 };

export interface SandboxRun {
  readonly exit: SandboxExit;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellRequest {
  readonly script: string;
  readonly mounts?: readonly Mount[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: SandboxUser;
  readonly network?: SandboxRequest['network'];
  readonly wallMs?: number;
  readonly joinsOutput?: boolean;
  readonly argv?: readonly [string, ...string[]];
}

/** Runs a sh script in a sandbox, as the build user, and gathers its output. */
export async function runShell(sandbox: Sandbox, request: ShellRequest, ctx: Context): Promise<SandboxRun> {
  const output = { stdout: '', stderr: '' };
  const exit = await sandbox.run(
    {
      root: { kind: 'host' },
      argv: request.argv ?? ['/bin/sh', '-c', request.script],
      cwd: request.cwd ?? '/',
      env: request.env ?? { PATH: '/usr/local/bin:/usr/bin:/bin' },
      mounts: request.mounts ?? [],
      user: request.user ?? BUILD_USER,
      network: request.network ?? 'host',
      joinsOutput: request.joinsOutput ?? false,
      ...(request.wallMs === undefined ? {} : { limits: { wallMs: request.wallMs } }),
      onOutput: (stream, bytes) => (output[stream] += Buffer.from(bytes).toString('utf8')),
    },
    ctx,
  );
  return { exit, ...output };
}

/** bubblewrap where it works on this machine; otherwise the test is skipped (or fails, where peers are required). */
export async function bubblewrapOrSkip(
  test: TestContext,
  options?: Parameters<typeof bubblewrapSandbox>[0],
): Promise<Sandbox | undefined> {
  const sandbox = bubblewrapSandbox(options);
  const problem = await probeSandbox(sandbox, testContext(test));
  if (problem === undefined) return sandbox;
  missingPeer(test, `bubblewrap does not work here: ${problem}`);
  return undefined;
}

/** The strategies by name, for tests that hold for each. */
export const STRATEGIES: readonly {
  readonly name: string;
  readonly open: (test: TestContext) => Promise<Sandbox | undefined>;
}[] = [
  { name: 'bubblewrap', open: (test) => bubblewrapOrSkip(test) },
  { name: 'host', open: () => Promise.resolve(hostSandbox()) },
];

/** A directory that the build user may write to, whoever runs the tests. */
export function openDirectory(...path: readonly string[]): string {
  const directory = join(...path);
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o777);
  return directory;
}

/**
 * Runs a module of ours, given as source text, as an ordinary user in a process of its own and returns what it printed. Only root
 * can become one; everybody else is one already.
 */
export async function asOrdinaryUser(
  directory: string,
  source: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const bundle = await bundleModule(directory, source);
  const result = spawnSync(NODE, [bundle], {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', ...env },
    ...ordinary(),
  });
  if (result.status !== 0) throw new Error(`ended with ${String(result.status)}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}

/** Starts a module of ours in a process of its own. */
export async function startModule(directory: string, source: string): Promise<ChildProcess> {
  return spawn(NODE, [await bundleModule(directory, source)], { stdio: 'inherit' });
}

async function bundleModule(directory: string, source: string): Promise<string> {
  chmodSync(directory, 0o755);
  const entry = join(directory, 'entry.ts');
  const bundle = join(directory, 'entry.mjs');
  writeFileSync(entry, source);
  await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2023',
    packages: 'external',
    absWorkingDir: process.cwd(),
  });
  return bundle;
}

function ordinary(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: 1001, gid: 1001 } : {};
}

/** The ids of this machine's processes that have the word as an argument. */
export function processesWith(argument: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
      } catch {
        return false; // It ended meanwhile.
      }
    });
}
