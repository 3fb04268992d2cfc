import type { FailedBuildpack, FailedGroup } from '../../core/events.ts';

export interface NearestGroup {
  readonly group: FailedGroup;
  /** `group 2: it would pass if acme/jdk did not fail`. */
  readonly text: string;
}

/**
 * The group with the fewest obstacles, of those the one with most buildpacks that pass; one where none passes only for want of
 * others. Undefined where there is nothing to choose from.
 */
export function nearestGroup(groups: readonly FailedGroup[]): NearestGroup | undefined {
  const some = groups.filter((group) => passing(group).length > 0);
  const [best] = (some.length > 0 ? some : groups)
    .map((group) => ({ group, obstacles: obstaclesOf(group), passing: passing(group).length }))
    .sort((a, b) => a.obstacles.length - b.obstacles.length || b.passing - a.passing);
  if (best === undefined || best.group.buildpacks.length === 0) return undefined;
  if (groups.length === 1 && best.group.buildpacks.length === 1) return undefined;
  return { group: best.group, text: `group ${best.group.group}: it would pass if ${listed(best.obstacles)}` };
}

/** Nothing in the group is wrong, and nothing in it wants to take part. */
export function isUnwanted(group: FailedGroup): boolean {
  return blockers(group).length === 0 && lacking(group).length === 0;
}

const OBSTACLES_MAX = 3;

/** While a required buildpack fails, its plan is unknown: what the others lack may be what it gives. */
function obstaclesOf(group: FailedGroup): readonly string[] {
  const failing = blockers(group).map(obstacle);
  if (failing.length > 0) return failing;
  const lacked = lacking(group).flatMap(gapObstacles);
  return lacked.length > 0 ? lacked : ['at least one of its buildpacks passed'];
}

function blockers({ buildpacks }: FailedGroup): readonly FailedBuildpack[] {
  return buildpacks.filter(({ result, optional }) => result !== 'pass' && !optional);
}

function lacking({ buildpacks }: FailedGroup): readonly FailedBuildpack[] {
  const open = buildpacks.filter(({ missing, unused }) => missing.length + unused.length > 0);
  const required = open.filter(({ optional }) => !optional);
  return required.length > 0 ? required : open;
}

function passing({ buildpacks }: FailedGroup): readonly FailedBuildpack[] {
  return buildpacks.filter(({ result }) => result === 'pass');
}

function obstacle({ buildpack, result }: FailedBuildpack): string {
  const id = idOf(buildpack);
  return result === 'other-platform' ? `${id} supported the target` : `${id} did not fail`;
}

function gapObstacles({ buildpack, missing, unused }: FailedBuildpack): readonly string[] {
  const id = idOf(buildpack);
  return [
    ...missing.map(({ name, providedLaterBy }) =>
      providedLaterBy === undefined
        ? `something before ${id} provided "${name}"`
        : `${idOf(providedLaterBy)} came before ${id}`,
    ),
    ...unused.map((name) => `something in it needed the "${name}" of ${id}`),
  ];
}

function idOf(buildpack: string): string {
  return buildpack.slice(0, buildpack.lastIndexOf('@'));
}

function listed(obstacles: readonly string[]): string {
  const shown = obstacles.slice(0, OBSTACLES_MAX);
  const text = [shown.slice(0, -1).join(', '), ...shown.slice(-1)].filter((part) => part !== '').join(' and ');
  const more = obstacles.length - shown.length;
  return more === 0 ? text : `${text} (and ${String(more)} more)`;
}
