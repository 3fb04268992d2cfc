import type { Event, ExplainedBuildpack, ExplainedGroup } from '../core/events.ts';
import { alignColumns } from './columns.ts';
import { cleanLine } from './output-line.ts';

type Explained = Extract<Event, { readonly type: 'detect.explained' }>;

/** What each group made of the app, what each of its buildpacks said, and what a build would take. */
export function detectTable(event: Explained): readonly string[] {
  const met = new Set<string>();
  return [
    `target    ${event.target}   execution environment ${event.execEnv}`,
    ...event.groups.flatMap((group) => ['', ...groupLines(group, event.chosen, met)]),
    '',
    ...(event.chosen === undefined ? noneLines(event) : chosenLines(event)),
  ];
}

function groupLines(group: ExplainedGroup, chosen: string | undefined, met: Set<string>): readonly string[] {
  const verdict = !group.passed
    ? 'does not pass'
    : group.group === chosen
      ? 'passes, as the first: chosen'
      : `would pass, but group ${chosen ?? ''} comes first`;
  const rows = group.buildpacks.map((one) => [
    `  ${spaced(one.buildpack)}`,
    resultText(one, group),
    noteOf(one, group),
  ]);
  const lines = alignColumns(rows).flatMap((line, index) => {
    const one = group.buildpacks[index];
    if (one === undefined || one.lines.length === 0 || isSaid(one)) return [line];
    if (met.has(one.buildpack)) return [line];
    met.add(one.buildpack);
    return [line, ...one.lines.map((text) => `    | ${cleanLine(text, { color: false })}`)];
  });
  return [`group ${group.group}   ${verdict}`, ...lines];
}

function resultText(one: ExplainedBuildpack, group: ExplainedGroup): string {
  switch (one.result) {
    case 'pass':
      return group.passed && !one.takesPart ? 'pass, left out' : 'pass';
    case 'error':
      return one.exitCode === undefined ? 'error' : `error ${String(one.exitCode)}`;
    case 'other-platform':
    case 'other-exec-env':
      return one.optional ? 'skipped' : 'cannot run';
    case 'fail':
    case 'skip':
      return one.optional ? 'skip, optional' : 'fail';
  }
}

/** A buildpack that was not run has its reason in the place of output. */
function isSaid({ result }: ExplainedBuildpack): boolean {
  return result === 'other-platform' || result === 'other-exec-env';
}

function noteOf(one: ExplainedBuildpack, { passed }: ExplainedGroup): string {
  if (isSaid(one)) return one.lines.join(' ');
  const lacking =
    passed && one.takesPart
      ? []
      : [
          ...one.missing.map(({ name, providedLaterBy }) =>
            providedLaterBy === undefined
              ? `nothing before it provides ${name}`
              : `${spaced(providedLaterBy)} provides ${name} only after it`,
          ),
          ...one.unused.map((name) => `nothing requires its ${name}`),
        ];
  return [
    one.plans
      .map(planText)
      .filter((text) => text !== '')
      .join(', or '),
    ...lacking,
  ]
    .filter((text) => text !== '')
    .join('; ');
}

function planText({ provides, requires }: ExplainedBuildpack['plans'][number]): string {
  return [
    ...(provides.length === 0 ? [] : [`provides ${provides.join(', ')}`]),
    ...(requires.length === 0 ? [] : [`requires ${requires.join(', ')}`]),
  ].join(', ');
}

function noneLines({ nearest }: Explained): readonly string[] {
  return ['chosen    none: no group passes', ...(nearest === undefined ? [] : [`nearest   ${nearest}`])];
}

function chosenLines({ chosen, buildpacks, plan }: Explained): readonly string[] {
  return [
    `chosen    group ${chosen ?? ''}: ${buildpacks.map(spaced).join(', ')}`,
    ...(plan.length === 0
      ? ['plan      empty']
      : alignColumns(
          plan.map((entry) => [
            entry.name,
            `provided by ${entry.providers.map(spaced).join(', ')}`,
            `required ${entry.required === 1 ? 'once' : `${String(entry.required)} times`}${entry.versions.length === 0 ? '' : `, as ${entry.versions.join(' and ')}`}`,
          ]),
        ).map((line, index) => `${index === 0 ? 'plan' : '    '}      ${line}`)),
  ];
}

function spaced(buildpack: string): string {
  const at = buildpack.lastIndexOf('@');
  return `${buildpack.slice(0, at)} ${buildpack.slice(at + 1)}`;
}
