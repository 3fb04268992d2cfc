import type { Plan, PlanSection } from '../../src/cnb/plan.ts';
import type { GroupElement } from '../../src/cnb/module.ts';
import type { DetectAttempt, DetectRun } from '../../src/cnb/resolve-plan.ts';

/** What the model says of one group: the same facts as a `Resolution`, as plain text and data. */
export interface ModelResolution {
  readonly kind: 'passed' | 'failed';
  readonly withErrors: boolean;
  readonly group: readonly string[];
  readonly plan: Plan;
  readonly lines: readonly string[];
}

interface Choice {
  readonly module: GroupElement;
  readonly section: PlanSection;
  readonly isOptional: boolean;
}

/** Contract §7.7 as slowly and plainly as it can be written: what the resolver is compared with. */
export function modelResolve(attempts: readonly DetectAttempt[]): ModelResolution {
  const lines = [...attempts.flatMap(outputOf), 'debug ======== Results ========', ...attempts.map(verdictOf)];
  const failed = (withErrors: boolean): ModelResolution => ({ kind: 'failed', withErrors, group: [], plan: [], lines });
  const hasError = attempts.some(({ run }) => ![0, 100].includes(run.code));
  if (attempts.some(({ module, run }) => run.code !== 0 && module.optional !== true)) return failed(hasError);
  const passed = attempts.filter(({ run }) => run.code === 0);
  if (passed.every(({ module }) => module.kind === 'extension')) {
    lines.push('debug fail: no viable buildpacks in group');
    return failed(false);
  }
  for (const [index, combination] of combinations(passed.map(choicesOf)).entries()) {
    lines.push(`debug Resolving plan... (try #${String(index + 1)})`);
    const survivors = settle(combination, lines);
    if (survivors === undefined) continue;
    if (survivors.length < attempts.length) {
      lines.push(`info ${String(survivors.length)} of ${String(attempts.length)} buildpacks participating`);
    }
    const longest = Math.max(...survivors.map(({ module }) => module.id.length));
    for (const { module } of survivors) lines.push(`info ${module.id.padEnd(longest, ' ')} ${module.version}`);
    return { kind: 'passed', withErrors: false, group: survivors.map(groupLine), plan: planOf(survivors), lines };
  }
  return failed(false);
}

/** An element as group.toml would have it. */
export function groupText({ kind, id, version, api, optional }: GroupElement): string {
  return `${kind} ${id}@${version} ${api}${optional === true ? ' optional' : ''}`;
}

function groupLine({ module }: Choice): string {
  return groupText({ ...module, optional: module.kind === 'extension' });
}

function nameOf({ id, version }: GroupElement): string {
  return `${id}@${version}`;
}

function outputOf({ module, run }: DetectAttempt): readonly string[] {
  const level = run.code === 0 || run.code === 100 ? 'debug' : 'info';
  const error = run.error ?? '';
  return [
    ...(run.output === '' ? [] : [`${level} ======== Output: ${nameOf(module)} ========`, `${level} ${run.output}`]),
    ...(error === '' ? [] : [`${level} ======== Error: ${nameOf(module)} ========`, `${level} ${error}`]),
  ];
}

function verdictOf({ module, run }: { readonly module: GroupElement; readonly run: DetectRun }): string {
  if (run.code === 0) return `debug pass: ${nameOf(module)}`;
  if (run.code === 100 && module.optional === true) return `debug skip: ${nameOf(module)}`;
  if (run.code === 100) return `debug fail: ${nameOf(module)}`;
  return run.code === -1 ? `info err:  ${nameOf(module)}` : `info err:  ${nameOf(module)} (${String(run.code)})`;
}

function choicesOf({ module, run }: DetectAttempt): readonly Choice[] {
  const sections = run.plan ?? [{ provides: [], requires: [] }];
  return sections.map((section) => ({
    module,
    section,
    isOptional: module.optional === true && section === sections.at(-1),
  }));
}

/** All of them, depth first: the first element's choice changes last. */
function combinations(choices: readonly (readonly Choice[])[]): readonly (readonly Choice[])[] {
  const [first, ...rest] = choices;
  if (first === undefined) return [[]];
  return first.flatMap((choice) => combinations(rest).map((tail) => [choice, ...tail]));
}

interface Mention {
  readonly what: 'provide' | 'require';
  readonly name: string;
  readonly by: Choice;
}

/** Every provide and require from left to right, an element's provides before its requires. */
function mentionsOf(trial: readonly Choice[]): readonly Mention[] {
  return trial.flatMap((by) => [
    ...by.section.provides.map((name) => ({ what: 'provide', name, by }) as const),
    ...by.section.requires.map(({ name }) => ({ what: 'require', name, by }) as const),
  ]);
}

/** What is left when nothing has an unmet require or an unused provide; undefined when a required element has. */
function settle(trial: readonly Choice[], lines: string[]): readonly Choice[] | undefined {
  const mentions = mentionsOf(trial);
  const names = [...new Set(mentions.map(({ name }) => name))];
  const about = (name: string): readonly Mention[] => mentions.filter((mention) => mention.name === name);
  const unmet = names.flatMap((name) =>
    about(name).filter(
      ({ what }, at, all) => what === 'require' && all.slice(0, at).every((before) => before.what !== 'provide'),
    ),
  );
  const unused = names.flatMap((name) =>
    about(name).filter(
      ({ what }, at, all) => what === 'provide' && all.slice(at + 1).every((after) => after.what !== 'require'),
    ),
  );
  for (const { what, name, by } of [...unmet, ...unused]) {
    const complaint = what === 'require' ? `requires ${name}` : `provides unused ${name}`;
    lines.push(`debug ${by.isOptional ? 'skip' : 'fail'}: ${nameOf(by.module)} ${complaint}`);
    if (!by.isOptional) return undefined;
  }
  const bad = [...unmet, ...unused].map(({ by }) => by);
  if (bad.length > 0)
    return settle(
      trial.filter((choice) => !bad.includes(choice)),
      lines,
    );
  if (trial.length > 0) return trial;
  lines.push('debug fail: no viable buildpacks in group');
  return undefined;
}

function planOf(trial: readonly Choice[]): Plan {
  const mentions = mentionsOf(trial);
  return [...new Set(mentions.map(({ name }) => name))].map((name) => ({
    providers: mentions
      .filter((mention) => mention.name === name && mention.what === 'provide')
      .map(({ by: { module } }) => ({ kind: module.kind, id: module.id, version: module.version })),
    requires: trial.flatMap(({ section }) => section.requires.filter((require) => require.name === name)),
  }));
}
