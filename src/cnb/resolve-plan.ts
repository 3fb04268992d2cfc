import { assertNever } from '../core/assert-never.ts';
import { SlipwayError } from '../core/errors.ts';
import { moduleName, type GroupElement, type Target } from './module.ts';
import type { BuildPlan, Plan } from './plan.ts';
import { searchTrials } from './plan-search.ts';
import { resolveTrial, type PlanGap, type TrialElement } from './plan-trial.ts';
import { trialOptions, trialsOf, type TrialOptions } from './trial-options.ts';

/** What a module's detection gave. */
export interface DetectRun {
  /** 0 pass, 100 fail, -1 an error before or after the program, else the program's exit code. */
  readonly code: number;
  /** stdout and stderr of the program. */
  readonly output: string;
  /** Text for code -1 when there is one. */
  readonly error?: string;
  /** The plan; only with code 0. */
  readonly plan?: BuildPlan;
  /** Only of a module that was not run because none of these, its targets, is the one of the run image. */
  readonly misfit?: readonly Target[];
}

/** One attempted module of a group, in order of first appearance. */
export interface DetectAttempt {
  readonly module: GroupElement;
  readonly run: DetectRun;
}

export interface PlanLogLine {
  readonly level: 'debug' | 'info';
  readonly message: string;
}

export type Resolution =
  | {
      readonly kind: 'passed';
      readonly group: readonly GroupElement[];
      readonly plan: Plan;
      /** What kept optional modules out, as far as it was met on the way. */
      readonly gaps: readonly PlanGap[];
      readonly lines: readonly PlanLogLine[];
    }
  | {
      readonly kind: 'failed';
      readonly withErrors: boolean;
      /** Of the trial that came nearest, over those that passed: what is still to be mended, or that too. */
      readonly gaps: readonly PlanGap[];
      readonly lines: readonly PlanLogLine[];
    };

/** Results, trials and plan of one expanded group (contract §7.7); plan entries in order of first appearance (GAP-28). */
export function resolvePlan(attempts: readonly DetectAttempt[]): Resolution {
  const lines: PlanLogLine[] = [];
  for (const attempt of attempts) lines.push(...outputLines(attempt));
  lines.push({ level: 'debug', message: '======== Results ========' }, ...attempts.map(resultLine));
  const passed = attempts.filter(({ run }) => run.code === 0);
  if (attempts.some(({ module, run }) => run.code !== 0 && module.optional !== true)) {
    const withErrors = attempts.some(({ run }) => isError(run));
    return { kind: 'failed', withErrors, gaps: likelyGaps(passed), lines };
  }
  if (!passed.some(({ module }) => module.kind === 'buildpack')) {
    lines.push({ level: 'debug', message: 'fail: no viable buildpacks in group' });
    return { kind: 'failed', withErrors: false, gaps: [], lines };
  }
  return tryAll(passed, attempts.length, lines);
}

/** Trials in the order of the contract, each with its lines; past the first ones only the trial that resolves. */
function tryAll(passed: readonly DetectAttempt[], attempted: number, lines: PlanLogLine[]): Resolution {
  const options = passed.map(optionsOf);
  let count = 0;
  let nearest: readonly PlanGap[] | undefined;
  const tryOne = (trial: readonly TrialElement[], title: string): Resolution | undefined => {
    lines.push({ level: 'debug', message: `Resolving plan... (${title})` });
    const solved = resolveTrial(trial, (message) => void lines.push({ level: 'debug', message }));
    if (solved.kind === 'failed') {
      nearest = fewer(nearest, solved.gaps);
      return undefined;
    }
    const group = solved.trial.map(({ module }) => module);
    lines.push(...participantLines(group, attempted));
    return {
      kind: 'passed',
      group: group.map(withoutOptional),
      plan: solved.plan,
      gaps: [...(nearest ?? []), ...solved.gaps],
      lines,
    };
  };
  for (const trial of trialsOf(options)) {
    count += 1;
    if (count > TRIALS_MAX) {
      const found = searchLater(options);
      const resolution = found === undefined ? undefined : tryOne(found, 'the first of the other tries that can work');
      if (resolution !== undefined) return resolution;
      break;
    }
    const resolution = tryOne(trial, `try #${String(count)}`);
    if (resolution !== undefined) return resolution;
  }
  return { kind: 'failed', withErrors: false, gaps: nearest ?? [], lines };
}

/** Not by trying: thirty modules of four alternatives each make 10^18 trials. */
function searchLater(options: readonly TrialOptions[]): readonly TrialElement[] | undefined {
  const result = searchTrials(options, CHOICES_MAX);
  switch (result.kind) {
    case 'found':
      return result.trial;
    case 'none':
      return undefined;
    case 'given up':
      throw new SlipwayError(
        'BUILDPACK_INVALID',
        'the build plans of a group have too many alternatives to be resolved',
        {
          details: {
            alternatives: options
              .filter((list) => list.length > 1)
              .map(
                (list) =>
                  `${list
                    .slice(0, 1)
                    .map(({ module }) => moduleName(module))
                    .join('')} ${String(list.length)}`,
              )
              .join(', '),
          },
          hint: 'give the buildpacks fewer [[or]] tables, or the group fewer of these buildpacks',
        },
      );
    default:
      return assertNever(result);
  }
}

/** What those that passed would lack if the others did not count; of the first trials only, as this is for people. */
function likelyGaps(passed: readonly DetectAttempt[]): readonly PlanGap[] {
  let nearest: readonly PlanGap[] | undefined;
  let count = 0;
  for (const trial of trialsOf(passed.map(optionsOf))) {
    const tried = resolveTrial(trial, () => undefined);
    if (tried.kind === 'solved') return [];
    nearest = fewer(nearest, tried.gaps);
    count += 1;
    if (count === TRIALS_MAX) break;
  }
  return nearest ?? [];
}

/** So many trials are made one by one, as the contract says. */
const TRIALS_MAX = 1000;
/** And so many choices are looked at to find a later trial: a few seconds. */
const CHOICES_MAX = 20_000;

function optionsOf({ module, run }: DetectAttempt): TrialOptions {
  return trialOptions(module, run.plan);
}

function fewer(known: readonly PlanGap[] | undefined, gaps: readonly PlanGap[]): readonly PlanGap[] {
  const obstacles = (list: readonly PlanGap[]): number => list.filter(({ module }) => module.optional !== true).length;
  return known === undefined || obstacles(gaps) < obstacles(known) ? gaps : known;
}

function outputLines({ module, run }: DetectAttempt): readonly PlanLogLine[] {
  const level = isError(run) ? 'info' : 'debug';
  const lines: PlanLogLine[] = [];
  const block = (title: string, text: string): void => {
    lines.push({ level, message: `======== ${title}: ${moduleName(module)} ========` });
    lines.push({ level, message: text.endsWith('\n') ? text.slice(0, -1) : text });
  };
  if (run.output !== '') block('Output', run.output);
  if (run.error !== undefined) block('Error', run.error);
  return lines;
}

function resultLine({ module, run }: DetectAttempt): PlanLogLine {
  const name = moduleName(module);
  if (run.code === 0) return { level: 'debug', message: `pass: ${name}` };
  if (run.code === 100) return { level: 'debug', message: `${module.optional === true ? 'skip' : 'fail'}: ${name}` };
  return { level: 'info', message: run.code === -1 ? `err:  ${name}` : `err:  ${name} (${String(run.code)})` };
}

function isError(run: DetectRun): boolean {
  return run.code !== 0 && run.code !== 100;
}

function participantLines(group: readonly GroupElement[], attempted: number): readonly PlanLogLine[] {
  const width = Math.max(...group.map(({ id }) => id.length));
  const lines = group.map(({ id, version }) => `${id.padEnd(width)} ${version}`);
  const count = `${String(group.length)} of ${String(attempted)} buildpacks participating`;
  return (group.length === attempted ? lines : [count, ...lines]).map((message) => ({ level: 'info', message }));
}

/** As group.toml has it: extensions are always optional, buildpacks never say so. */
function withoutOptional(module: GroupElement): GroupElement {
  const { kind, id, version, api, homepage } = module;
  return {
    kind,
    id,
    version,
    api,
    ...(homepage === undefined ? {} : { homepage }),
    ...(kind === 'extension' ? { optional: true } : {}),
  };
}
