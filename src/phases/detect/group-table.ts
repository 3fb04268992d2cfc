import { assertNever } from '../../core/assert-never.ts';
import type { FailedBuildpack, FailedGroup } from '../../core/events.ts';
import { isUnwanted, nearestGroup } from './nearest-group.ts';

/** The table of ux.md "Detection that found nothing": `group 1` → its buildpacks, one a line, aligned; then `nearest`. */
export function groupTable(groups: readonly FailedGroup[]): Readonly<Record<string, string>> {
  const nearest = nearestGroup(groups);
  const shown = groups.filter((group, index) => index < GROUPS_MAX || group === nearest?.group);
  const rows = new Rows(shown);
  const details: Record<string, string> = {};
  for (const group of shown) details[`group ${group.group}`] = rows.text(group);
  const hidden = groups.length - shown.length;
  if (hidden > 0)
    details['more'] = `${String(hidden)} group${hidden === 1 ? '' : 's'} that ${hidden === 1 ? 'is' : 'are'} not shown`;
  if (nearest !== undefined) details['nearest'] = nearest.text;
  return details;
}

const GROUPS_MAX = 20;

/** Aligns over all groups, and gives a buildpack's output in full where it is first met. */
class Rows {
  readonly #nameWidth: number;
  readonly #resultWidth: number;
  readonly #met = new Set<string>();

  constructor(groups: readonly FailedGroup[]) {
    const all = groups.flatMap(({ buildpacks }) => buildpacks);
    this.#nameWidth = Math.max(0, ...all.map(({ buildpack }) => buildpack.length));
    this.#resultWidth = Math.max(0, ...all.map((one) => resultText(one).length));
  }

  text(group: FailedGroup): string {
    const lines = group.buildpacks.flatMap((one) => this.#row(one));
    return [...lines, ...(isUnwanted(group) ? ['none of its buildpacks takes part'] : [])].join('\n');
  }

  #row(one: FailedBuildpack): readonly string[] {
    const [first = '', ...more] = this.#said(one);
    const head = `${spaced(one.buildpack).padEnd(this.#nameWidth)}  ${resultText(one).padEnd(this.#resultWidth)}`;
    const margin = ' '.repeat(head.length);
    return [`${head}  ${first}`.trimEnd(), ...more.map((line) => `${margin}  ${line}`)];
  }

  #said(one: FailedBuildpack): readonly string[] {
    if (one.result === 'pass') return [gapText(one)];
    const isMet = this.#met.has(one.buildpack);
    this.#met.add(one.buildpack);
    return one.result === 'error' && !isMet ? one.lines : one.lines.slice(-1);
  }
}

function resultText({ result, exitCode }: FailedBuildpack): string {
  switch (result) {
    case 'error':
      return exitCode === undefined ? 'error' : `error ${String(exitCode)}`;
    case 'other-platform':
    case 'other-exec-env':
      return 'skipped';
    case 'pass':
    case 'fail':
    case 'skip':
      return result;
    default:
      return assertNever(result);
  }
}

function gapText({ missing, unused }: FailedBuildpack): string {
  const needs = missing.map(({ name, providedLaterBy }) =>
    providedLaterBy === undefined ? `"${name}"` : `"${name}", which ${spaced(providedLaterBy)} provides only after it`,
  );
  return [
    ...(needs.length === 0 ? [] : [`needs ${needs.join(', ')}`]),
    ...(unused.length === 0 ? [] : [`nobody needs its ${unused.map((name) => `"${name}"`).join(', ')}`]),
  ].join('; ');
}

function spaced(buildpack: string): string {
  const at = buildpack.lastIndexOf('@');
  return `${buildpack.slice(0, at)} ${buildpack.slice(at + 1)}`;
}
