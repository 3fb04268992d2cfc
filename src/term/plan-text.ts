import type { Event, PlannedModule } from '../core/events.ts';
import { formatSize, shortDigest } from './amounts.ts';
import { memoLines } from './memo-text.ts';

type Plan = Extract<Event, { readonly type: 'build.plan' }>;

/** What a build would do, for people. */
export function planText(plan: Plan, arrow: string): readonly string[] {
  const { builder, runImage, previousImage, sandbox, user, app } = plan;
  const others = runImage.candidates.filter((name) => name !== runImage.name);
  return [
    ...(builder === undefined
      ? []
      : [line('builder', `${imageText(builder, arrow)}   ${builder.isUnpacked ? 'unpacked' : 'to be unpacked'}`)]),
    line(
      'run image',
      `${imageText(runImage, arrow)}${others.length === 0 ? '' : `   of ${String(others.length + 1)} candidates: ${others.join(', ')}`}`,
    ),
    line('previous', previousImage === undefined ? 'none' : imageText(previousImage, arrow)),
    ...plan.groups.map((group, index) => line(`group ${String(index + 1)}`, group.map(moduleText).join(', '))),
    ...plan.extensions.map((group) => line('extensions', group.map(moduleText).join(', '))),
    line(
      'sandbox',
      sandbox === undefined ? 'chosen once the builder is unpacked' : `${sandbox.strategy}: ${sandbox.description}`,
    ),
    line(
      'user',
      `${String(user.uid)}:${String(user.gid)}   network ${plan.network === 'host' ? 'on' : 'off'}   execution environment ${plan.execEnv}`,
    ),
    line('app', `${app.path}   ${String(app.files)} file${app.files === 1 ? '' : 's'}, ${formatSize(app.bytes)}`),
    line('variables', plan.variables.length === 0 ? 'none' : plan.variables.join(', ')),
    ...(plan.caches.length === 0
      ? [line('cache', 'none')]
      : plan.caches.map(({ place, isThere }) =>
          line('cache', `${place}${isThere === false ? '   not there yet' : ''}`),
        )),
    ...plan.outputs.map(({ location, access }) =>
      line(
        'output',
        `${location}   ${access === 'writable' ? 'can be written to' : 'can be read; whether it may be pushed to is not asked'}`,
      ),
    ),
    ...(plan.memo === undefined
      ? []
      : memoLines(plan.memo, { arrow, verbose: false }).map(([label, text]) => line(label, text))),
    'nothing was run or written: this was a dry run',
  ];
}

function line(label: string, text: string): string {
  return `${label.padEnd(14)}  ${text}`;
}

function imageText({ name, index, manifest, platform }: Omit<Plan['runImage'], 'candidates'>, arrow: string): string {
  if (manifest === undefined) return `${name}   ${platform}`;
  const found = `${platform} ${shortDigest(manifest)}`;
  return `${name}   ${index === undefined ? found : `index ${shortDigest(index)} ${arrow} ${found}`}`;
}

function moduleText({ id, version, optional, source, members }: PlannedModule): string {
  const notes = [
    ...(optional ? ['optional'] : []),
    ...(source === 'given' ? ['given'] : []),
    ...(members.length === 0 ? [] : [`of ${members.map((member) => member.replace('@', ' ')).join(', ')}`]),
  ];
  return `${id} ${version}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}
