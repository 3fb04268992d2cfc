import { readdir } from 'node:fs/promises';
import type { Context } from '../../core/context.ts';
import { isSystem } from '../../core/errors.ts';
import type { Machine } from '../machine.ts';
import type { Finding } from './finding.ts';
import { readKernelFile } from './namespace-facts.ts';

/** The oldest Node that runs this (package.json, `engines`). */
const OLDEST_NODE: readonly [major: number, minor: number] = [20, 19];
/** Before this was written no clock was right. */
const EARLIEST_YEAR = 2025;
const LATEST_YEAR = 2100;

/** The operating system, Node, the user, the clock, and which foreign programs run here. */
export async function lookAtMachine(machine: Machine, nodeVersion: string, ctx: Context): Promise<readonly Finding[]> {
  return [
    judgeSystem(machine),
    judgeNode(nodeVersion),
    userOf(machine),
    judgeClock(ctx.clock.now()),
    await lookAtBinfmt(),
  ];
}

export function judgeSystem({ platform, architecture }: Pick<Machine, 'platform' | 'architecture'>): Finding {
  const about = { area: 'machine', name: 'system', found: `${platform}/${architecture}` } as const;
  if (platform === 'linux') return { ...about, verdict: 'ok' };
  return { ...about, verdict: 'bad', remedy: 'run slipway build on Linux; the image tools work here' };
}

export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const about = { area: 'machine', name: 'Node', found: version } as const;
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return { ...about, verdict: 'ok' };
  return { ...about, verdict: 'bad', remedy: `install Node ${OLDEST_NODE.join('.')} or newer` };
}

/** A clock that is years off makes every certificate look expired, or not valid yet. */
export function judgeClock(now: Date): Finding {
  const about = { area: 'machine', name: 'clock', found: `${now.toISOString().slice(0, 19)}Z` } as const;
  const year = now.getUTCFullYear();
  if (year >= EARLIEST_YEAR && year < LATEST_YEAR) return { ...about, verdict: 'ok' };
  return { ...about, verdict: 'warn', remedy: 'set the clock: registries’ certificates look invalid otherwise' };
}

function userOf({ uid, gid }: Machine): Finding {
  const found = uid === 0 ? 'root; buildpacks run as another user' : `${String(uid)}:${String(gid)}`;
  return { area: 'machine', name: 'user', verdict: 'note', found };
}

const BINFMT = '/proc/sys/fs/binfmt_misc';

async function lookAtBinfmt(): Promise<Finding> {
  const names = (await entriesOf(BINFMT)).filter((name) => name.startsWith('qemu-')).sort();
  const texts = await Promise.all(names.map((name) => readKernelFile(`${BINFMT}/${name}`)));
  return judgeBinfmt(names.map((name, at) => ({ name, text: texts[at] ?? '' })));
}

/** Registered interpreters: only with the flag F are they found from within another root. */
export function judgeBinfmt(entries: readonly { readonly name: string; readonly text: string }[]): Finding {
  const about = { area: 'machine', name: 'binfmt', verdict: 'note' } as const;
  const usable = entries.filter(({ text }) => /^enabled/m.test(text) && /^flags:.*F/m.test(text));
  if (usable.length > 0)
    return { ...about, verdict: 'ok', found: `runs ${usable.map(({ name }) => name.replace('qemu-', '')).join(', ')}` };
  if (entries.length === 0)
    return { ...about, found: 'no foreign architecture is registered; only builds for another platform need one' };
  return {
    ...about,
    verdict: 'warn',
    found: `${entries.map(({ name }) => name).join(', ')} is switched off, or registered without the flag F`,
    remedy: 'register them with F (fix binary): a builder’s root does not hold the interpreter',
  };
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return [];
    throw error;
  }
}
