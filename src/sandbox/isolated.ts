import type { Context } from '../core/context.ts';
import { messageOf } from '../core/errors.ts';
import type { ChildExit } from './child.ts';
import { hiddenPaths } from './hidden-paths.ts';
import type { Sandbox, SandboxExit, SandboxRequest } from './sandbox.ts';
import { exitOfCode } from './signal-exit.ts';

/** What the strategies that isolate by namespaces can be told. */
export interface IsolatedOptions<Setup> {
  /** More absolute paths that commands must not see: credential stores, for instance the directory of DOCKER_CONFIG. */
  readonly hide?: readonly string[];
  /** What requests will ask for: only for the description. Default `host`. */
  readonly network?: SandboxRequest['network'];
  /** The program, in the place of the strategy's own. */
  readonly program?: string;
  readonly setup?: Partial<Setup>;
}

/** A strategy as it is set up. */
export interface Isolation<Setup> {
  readonly program: string;
  readonly setup: Setup;
  /** Paths that commands must not see. */
  readonly hidden: readonly string[];
}

/** A strategy, and what it does without being told. */
export interface IsolatedStrategy<Setup> {
  readonly name: string;
  readonly program: string;
  readonly setup: Setup;
  readonly run: (request: SandboxRequest, ctx: Context, isolation: Isolation<Setup>) => Promise<SandboxExit>;
}

/** The sandbox of a strategy with own processes, own user and a read-only root. */
export function isolatedSandbox<Setup extends { readonly user: string; readonly proc?: 'fresh' | 'bound' }>(
  strategy: IsolatedStrategy<Setup>,
  options: IsolatedOptions<Setup>,
): Sandbox {
  const setup = { ...strategy.setup, ...options.setup };
  const hidden = hiddenPaths(options.hide ?? []);
  const processes = setup.proc === 'bound' ? ", this machine's processes visible" : '';
  return {
    name: strategy.name,
    description: `own user, read-only root, network ${options.network === 'none' ? 'off' : 'on'}${processes}`,
    mapsPaths: true,
    run: (request, ctx) => strategy.run(request, ctx, { program: options.program ?? strategy.program, setup, hidden }),
  };
}

/** How the command ended, by the exit of the process that stands for it. */
export function exitBehind(exit: ChildExit): SandboxExit {
  if (exit.kind === 'exited') return exitOfCode(exit.code);
  return exit.kind === 'not-started' ? { kind: 'not-started', reason: messageOf(exit.cause) } : exit;
}
