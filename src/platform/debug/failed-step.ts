import type { SandboxStep } from '../../sandbox/sandbox.ts';
import type { WatchedStep } from './watch-steps.ts';

/**
 * The step that ended a build, of all that ran: in build and generate the last one, which may have left files that nobody can read; in
 * detect the first that broke, else one that did not want the app. Undefined when no buildpack is to blame.
 */
export function failedStep(steps: readonly WatchedStep[], exitCode: number | undefined): WatchedStep | undefined {
  const phase = BLAMED.find(({ exits }) => exitCode !== undefined && exits.includes(exitCode))?.phase;
  const ran = steps.filter(({ step }) => step.phase === phase);
  if (phase !== 'detect') return ran.at(-1);
  return ran.find(isBroken) ?? ran.find(({ exit }) => exit.kind === 'exited' && exit.code === 100) ?? ran.at(-1);
}

/** Exit codes that a buildpack's failure has (contract §3). */
const BLAMED: readonly { readonly phase: SandboxStep['phase']; readonly exits: readonly number[] }[] = [
  { phase: 'detect', exits: [20, 21] },
  { phase: 'generate', exits: [91, 92] },
  { phase: 'build', exits: [51, 52] },
];

function isBroken({ exit }: WatchedStep): boolean {
  return exit.kind !== 'exited' || (exit.code !== 0 && exit.code !== 100);
}
