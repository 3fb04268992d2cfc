import type { TargetMetadata } from '../../cnb/analyzed.ts';
import { moduleName, type GroupElement, type Target } from '../../cnb/module.ts';
import type { PlanGap } from '../../cnb/plan-trial.ts';
import type { DetectAttempt } from '../../cnb/resolve-plan.ts';
import type { LeftOut, TriedGroup } from '../../cnb/tried-group.ts';
import type { ExplainedGroup, FailedBuildpack, FailedGroup } from '../../core/events.ts';

/** What a detection was for. */
export interface DetectedFor {
  /** Undefined: any module fits. */
  readonly target: TargetMetadata | undefined;
  readonly execEnv: string;
}

/** Why none of the groups passed, as data: each buildpack's result, its last lines, and what its plan lacked. */
export function explainGroups(tried: readonly TriedGroup[], wanted: DetectedFor): readonly FailedGroup[] {
  return tried.map((group) => ({
    group: group.label,
    buildpacks: [
      ...group.attempts.map((attempt) => explainAttempt(attempt, group, wanted)),
      ...group.leftOut.map((one) => explainLeftOut(one, wanted)),
    ],
  }));
}

/** `linux/arm64`, `linux`, `any platform`. */
export function describeTarget({ os, arch, archVariant, distros }: Target): string {
  const parts = [os, arch, archVariant].map((part) => (part === '' ? '*' : part)).join('/');
  const platform = parts.replace(/(?:\/\*)+$/, '');
  const versions = distros.map(({ name, version }) => `${name} ${version}`.trim()).join(' or ');
  const text = platform === '*' ? 'any platform' : platform;
  return versions === '' ? text : `${text} with ${versions}`;
}

/** The same of every group that was tried, those that passed too, with all that was printed and planned. */
export function explainAll(tried: readonly TriedGroup[], wanted: DetectedFor): readonly ExplainedGroup[] {
  return tried.map((group) => ({
    group: group.label,
    passed: group.passed !== undefined,
    buildpacks: [
      ...group.attempts.map((attempt) => ({
        ...explainAttempt(attempt, group, wanted, ALL_LINES_MAX),
        takesPart: group.passed?.group.some((module) => isSame(module, attempt.module)) ?? false,
        plans: (attempt.run.plan ?? []).map(({ provides, requires }) => ({
          provides,
          requires: requires.map(({ name }) => name),
        })),
      })),
      ...group.leftOut.map((one) => ({ ...explainLeftOut(one, wanted), takesPart: false, plans: [] })),
    ],
  }));
}

const ALL_LINES_MAX = 500;
const LINES_MAX = 3;
const LINE_MAX_CHARACTERS = 300;

function explainAttempt(
  { module, run }: DetectAttempt,
  group: TriedGroup,
  wanted: DetectedFor,
  linesMax = LINES_MAX,
): FailedBuildpack {
  const isOptional = module.optional === true;
  const about = { buildpack: moduleName(module), optional: isOptional };
  if (run.misfit !== undefined) {
    const lines = [misfitLine(run.misfit, wanted.target)];
    return { ...about, result: 'other-platform', lines, missing: [], unused: [] };
  }
  const lines = lastLines(
    linesMax > LINES_MAX
      ? `${run.output}\n${run.error ?? ''}`
      : run.error === undefined || run.error === ''
        ? run.output
        : run.error,
    linesMax,
  );
  if (run.code === 0) return { ...about, result: 'pass', exitCode: 0, lines, ...gapsOf(module, group) };
  const none = { missing: [], unused: [] };
  if (run.code === 100) return { ...about, result: isOptional ? 'skip' : 'fail', exitCode: 100, lines, ...none };
  return { ...about, result: 'error', ...(run.code === -1 ? {} : { exitCode: run.code }), lines, ...none };
}

function explainLeftOut({ module, execEnv }: LeftOut, wanted: DetectedFor): FailedBuildpack {
  return {
    buildpack: moduleName(module),
    optional: true,
    result: 'other-exec-env',
    lines: [`is for the execution environment ${execEnv.join(', ')} only, this build is for ${wanted.execEnv}`],
    missing: [],
    unused: [],
  };
}

function gapsOf(module: DetectAttempt['module'], group: TriedGroup): Pick<FailedBuildpack, 'missing' | 'unused'> {
  const names = (kind: PlanGap['kind']): readonly string[] => {
    const own = group.gaps.filter((gap) => gap.kind === kind && moduleName(gap.module) === moduleName(module));
    return [...new Set(own.map(({ name }) => name))];
  };
  const missing = names('requires').map((name) => {
    const later = group.attempts.find(({ run }) => run.plan?.some(({ provides }) => provides.includes(name)) === true);
    return { name, ...(later === undefined ? {} : { providedLaterBy: moduleName(later.module) }) };
  });
  return { missing, unused: names('provides') };
}

function isSame(one: GroupElement, other: GroupElement): boolean {
  return one.kind === other.kind && moduleName(one) === moduleName(other);
}

function lastLines(text: string, linesMax: number): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(-linesMax)
    .map((line) => (line.length > LINE_MAX_CHARACTERS ? `${line.slice(0, LINE_MAX_CHARACTERS)}...` : line));
}

function misfitLine(supported: readonly Target[], target: TargetMetadata | undefined): string {
  const platforms = supported.map(describeTarget).join(', ');
  if (target === undefined) return `supports ${platforms} only`;
  const { os, arch, archVariant, distro } = target;
  const platform = describeTarget({ os, arch, archVariant: archVariant ?? '', distros: [] });
  const isAboutDistro = supported.some(({ distros }) => distros.length > 0);
  const found = distro === undefined ? ' of an unknown distro' : ` with ${distro.name} ${distro.version}`;
  return `supports ${platforms} only, target is ${platform}${isAboutDistro ? found : ''}`;
}
