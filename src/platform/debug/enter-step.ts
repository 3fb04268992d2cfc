import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { chooseSandbox } from '../../sandbox/choose.ts';
import { failureOf, type SandboxExit, type SandboxRequest } from '../../sandbox/sandbox.ts';
import type { SandboxName } from '../../sandbox/strategies.ts';
import type { BuildLimits } from '../../options/commands/build/limits.ts';
import { withLimits } from '../build/limits.ts';
import { hiddenFiles } from '../build/sandbox.ts';
import { definedEnv, type Machine } from '../machine.ts';
import type { KeptStep } from './kept-step.ts';
import { SHELL_ARGV } from './shell-argv.ts';
import { readStep } from './step-codec.ts';

/** What is run where a step failed. */
export type Entering =
  | { readonly kind: 'shell' }
  /** The step itself, again. */
  | { readonly kind: 'step' }
  | { readonly kind: 'command'; readonly text: string };

const SANDBOXES: readonly SandboxName[] = ['bubblewrap', 'unshare', 'crun', 'chroot', 'in-place', 'host'];

/**
 * Runs something in the sandbox of a kept step: the same strategy, root, mounts, user, environment and limits. Output goes to
 * `machine.writeOutput`; a shell has the terminal. Returns the exit code, 128 and its number for a death by signal. Throws
 * `FILE_NOT_FOUND` when what it ran in is gone, `ARGUMENT_INVALID` for another user, and what the sandbox throws.
 */
export async function enterStep(
  directory: string,
  entering: Entering,
  machine: Machine,
  ctx: Context,
): Promise<number> {
  const kept = await readStep(resolve(machine.cwd, directory));
  if (kept.uid !== machine.uid) {
    throw new SlipwayError(
      'ARGUMENT_INVALID',
      `the build was kept by the user ${String(kept.uid)}, this is ${String(machine.uid)}`,
      {
        exit: 3,
        hint: 'enter it as that user: the files are theirs',
      },
    );
  }
  await checkPlaces(kept);
  const name = SANDBOXES.find((each) => each === kept.sandbox);
  if (name === undefined)
    throw new SlipwayError('FILE_INVALID', `there is no sandbox ${kept.sandbox}`, {
      exit: 3,
      hint: 'enter it with the version of slipway that kept it, or build again with --on-error keep',
    });
  const chosen = await chooseSandbox(name, ctx, { hide: hiddenFiles(machine), root: kept.request.root });
  const sandbox = await withLimits(chosen, { commandLimits: limitsFor(entering, kept.limits) }, ctx);
  const exit = await sandbox.run(requestOf(kept, entering, machine), ctx);
  return codeOf(exit, kept);
}

async function checkPlaces({ request, builder, directory }: KeptStep): Promise<void> {
  const { root, mounts } = request;
  const places = [...(root.kind === 'directory' ? [root.path] : []), ...mounts.map(({ source }) => source)];
  for (const place of places) {
    if ((await pathKind(place)) !== undefined) continue;
    const isRoot = root.kind === 'directory' && place === root.path;
    throw new SlipwayError('FILE_NOT_FOUND', `${place} is gone, which the step ran with`, {
      exit: 1,
      details: isRoot && builder !== undefined ? { builder } : {},
      hint: `build again with --on-error keep, and remove ${directory}`,
    });
  }
}

/** A person takes the time that it takes. */
function limitsFor(entering: Entering, limits: BuildLimits = {}): BuildLimits {
  const { timeMs, ...others } = limits;
  return entering.kind === 'shell' || timeMs === undefined ? others : limits;
}

function requestOf(kept: KeptStep, entering: Entering, machine: Machine): SandboxRequest {
  const { request, leftOut } = kept;
  const own = definedEnv(machine.env);
  const again = Object.fromEntries(
    leftOut.variables.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]]])),
  );
  const env = { ...request.env, ...again };
  const onOutput: SandboxRequest['onOutput'] = (stream, bytes) => machine.writeOutput?.(stream, bytes);
  switch (entering.kind) {
    case 'step':
      return { ...request, env, joinsOutput: true, onOutput };
    case 'command':
      return { ...request, argv: ['/bin/sh', '-c', entering.text], env, onOutput };
    case 'shell': {
      const prompt = `${kept.step.module.replace('@', ' ')} ${kept.step.phase}`;
      const terminal = own['TERM'] === undefined ? {} : { TERM: own['TERM'] };
      const shown = { ...terminal, PS1: `(${prompt}) $PWD\n$ ` };
      return { ...request, argv: SHELL_ARGV, env: { ...shown, ...env }, isInteractive: true, onOutput };
    }
  }
}

function codeOf(exit: SandboxExit, { step }: KeptStep): number {
  switch (exit.kind) {
    case 'exited':
      return exit.code;
    case 'signalled':
      return 128 + signalNumber(exit.signal);
    case 'timed-out':
    case 'over-limit':
    case 'not-started':
      throw new SlipwayError('BUILDPACK_FAILED', `bin/${step.phase} of ${step.module}: ${failureOf(exit) ?? ''}`, {
        exit: 1,
      });
  }
}

function signalNumber(name: string): number {
  return Object.entries(constants.signals).find(([each]) => each === name)?.[1] ?? constants.signals.SIGKILL;
}
