import type { Context } from '../core/context.ts';
import type { SandboxLimits } from './limits.ts';

/** A directory or file of this machine that a command sees at `target`. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
  /** Only its owner may read it, also where it has to be a copy. */
  readonly isPrivate?: boolean;
}

/**
 * What the command's `/` is. `host` is this machine's own root, read-only where the strategy can; `directory` holds a whole system,
 * for instance an unpacked builder image: it is never changed, whoever runs in it.
 */
export type SandboxRoot = { readonly kind: 'host' } | { readonly kind: 'directory'; readonly path: string };

/** Numeric ids of a user of this machine. */
export interface SandboxUser {
  readonly uid: number;
  readonly gid: number;
}

/** What a command is run for: nothing to a sandbox, for whoever watches what runs in it. */
export interface SandboxStep {
  readonly phase: 'detect' | 'generate' | 'build';
  /** `id@version`. */
  readonly module: string;
}

export interface SandboxRequest {
  readonly root: SandboxRoot;
  /** Program (absolute path as seen inside) and arguments. */
  readonly argv: readonly [string, ...string[]];
  /** Working directory as seen inside. */
  readonly cwd: string;
  /** The whole environment: nothing else is passed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /**
   * Ids of the command; absent = those of this process. Where this process is not root it cannot change its ids: `bubblewrap` then
   * only shows these inside, `host` ignores them.
   */
  readonly user?: SandboxUser;
  readonly network: 'host' | 'none';
  readonly limits?: SandboxLimits;
  /** What starts the command's first process: it runs a synchronous task with that process's surroundings. */
  readonly within?: <T>(task: () => T) => T;
  /** Both streams through one pipe, in the order in which they are written, as `stdout`; else each by itself. */
  readonly joinsOutput?: boolean;
  readonly step?: SandboxStep;
  /**
   * The command has this process's terminal, for a person to type into; nothing of it comes to `onOutput`. What runs there may write
   * to that person's screen: only for a shell on request.
   */
  readonly isInteractive?: boolean;
  /** Raw output as it comes. */
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
}

export type SandboxExit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  /** Killed because `limits.wallMs` had passed. */
  | { readonly kind: 'timed-out'; readonly wallMs: number }
  /** Killed by a limit, or ended after the kernel had refused it more. */
  | { readonly kind: 'over-limit'; readonly limit: 'memory' | 'disk' | 'processes' | 'file'; readonly value: number }
  /** The program could not be started at all (not executable, wrong format, missing interpreter). */
  | { readonly kind: 'not-started'; readonly reason: string };

/** One way to run buildpacks. Chosen by probing (sandbox.md §1); the interface of every strategy. */
export interface Sandbox {
  /** `bubblewrap`, `host`, …: for messages and `--sandbox`. */
  readonly name: string;
  /** What it isolates, in words: `own user, read-only root, network on`. */
  readonly description: string;
  /** True when commands see mounts at their `target`; false when they only see real paths (`host`). */
  readonly mapsPaths: boolean;
  /**
   * Runs one command to its end; when it returns, no process of it is left. An abort of `ctx.signal` kills them all and throws
   * `INTERRUPTED`. Throws `ARGUMENT_INVALID` for an environment or a path that no process can have.
   */
  readonly run: (request: SandboxRequest, ctx: Context) => Promise<SandboxExit>;
}

/** The path by which a command in this sandbox sees a mount's directory. */
export function pathInside(sandbox: Sandbox, mount: { readonly source: string; readonly target: string }): string {
  return sandbox.mapsPaths ? mount.target : mount.source;
}

/** What an exit says: `exit status 7`, `signal: SIGKILL`, …; undefined for success. */
export function failureOf(exit: SandboxExit): string | undefined {
  switch (exit.kind) {
    case 'exited':
      return exit.code === 0 ? undefined : `exit status ${String(exit.code)}`;
    case 'signalled':
      return `signal: ${exit.signal}`;
    case 'timed-out':
      return `it ran longer than ${String(exit.wallMs / 1000)} s`;
    case 'over-limit':
      return OVER[exit.limit](exit.value);
    case 'not-started':
      return exit.reason;
  }
}

const OVER: Readonly<Record<(SandboxExit & { kind: 'over-limit' })['limit'], (value: number) => string>> = {
  memory: (bytes) => `it needs more memory than ${megabytes(bytes)}`,
  disk: (bytes) => `it writes more than ${megabytes(bytes)}`,
  processes: (count) => `it wants more than ${String(count)} processes at a time`,
  file: (bytes) => `it writes a file larger than ${megabytes(bytes)}`,
};

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
