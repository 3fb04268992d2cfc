import type { TargetMetadata } from '../../cnb/analyzed.ts';
import type { PlanEntry } from '../../cnb/plan.ts';
import type { Event } from '../../core/events.ts';
import { describeTarget } from './explain.ts';

type PlanLine = Extract<Event, { readonly type: 'detect.explained' }>['plan'][number];

/** One entry of the plan: what it is about, who provides it, and who asked for which version. */
export function planText({ providers, requires }: PlanEntry): PlanLine {
  const versions = requires.flatMap(({ metadata }) => {
    const version = metadata?.['version'];
    return typeof version === 'string' ? [version] : [];
  });
  return {
    name: requires[0]?.name ?? '',
    providers: providers.map(({ id, version }) => `${id}@${version}`),
    required: requires.length,
    versions: [...new Set(versions)],
  };
}

/** `linux/amd64 with debian 12`. */
export function targetText({ os, arch, archVariant, distro }: TargetMetadata): string {
  return describeTarget({ os, arch, archVariant: archVariant ?? '', distros: distro === undefined ? [] : [distro] });
}
