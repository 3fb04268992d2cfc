import type { Clock } from '../core/clock.ts';

export type CiKind = 'github' | 'gitlab';

/** Lines that a CI system folds output by. */
export interface CiMarks {
  readonly open: (name: string, clock: Clock) => readonly string[];
  readonly close: (name: string, clock: Clock) => readonly string[];
  readonly error: (message: string) => readonly string[];
}

const NONE: CiMarks = { open: () => [], close: () => [], error: () => [] };

const GITHUB: CiMarks = {
  open: (name) => [`::group::${name}`],
  close: () => ['::endgroup::'],
  error: (message) => [`::error::${message.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}`],
};

const GITLAB: CiMarks = {
  open: (name, clock) => [`\u001b[0Ksection_start:${seconds(clock)}:slipway_${name}\r\u001b[0K${name}`],
  close: (name, clock) => [`\u001b[0Ksection_end:${seconds(clock)}:slipway_${name}\r\u001b[0K`],
  error: () => [],
};

export function ciMarks(kind: CiKind | undefined): CiMarks {
  if (kind === 'github') return GITHUB;
  return kind === 'gitlab' ? GITLAB : NONE;
}

/** Which CI system this is, by the variables it sets. */
export function ciKind(env: Readonly<Record<string, string | undefined>>): CiKind | undefined {
  if (env['GITHUB_ACTIONS'] === 'true') return 'github';
  return env['GITLAB_CI'] === 'true' ? 'gitlab' : undefined;
}

function seconds(clock: Clock): string {
  return String(Math.floor(clock.now().getTime() / 1000));
}
