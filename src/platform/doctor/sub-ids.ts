import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../machine.ts';
import type { Finding } from './finding.ts';
import { readKernelFile } from './namespace-facts.ts';

/** Ids that a user may map besides their own: builds do not need them, image extensions keep owners with them. */
export async function lookAtSubIds({ uid, env }: Machine): Promise<readonly Finding[]> {
  if (uid === 0) return [];
  const [passwd, subuid, subgid] = await Promise.all(
    ['/etc/passwd', '/etc/subuid', '/etc/subgid'].map((path) => readKernelFile(path)),
  );
  const user = userName(passwd, uid);
  const [uids, gids] = [rangeOf(subuid, user, uid), rangeOf(subgid, user, uid)];
  const programs = await Promise.all(['newuidmap', 'newgidmap'].map((name) => isOnPath(name, env['PATH'])));
  const about = { area: 'namespaces', name: 'subuid and subgid', verdict: 'note' } as const;
  if (uids === undefined || gids === undefined)
    return [
      {
        ...about,
        found: `no range for ${user ?? String(uid)} in /etc/${uids === undefined ? 'subuid' : 'subgid'}; builds do not need one`,
      },
    ];
  if (programs.includes(false))
    return [
      {
        ...about,
        found: `${uids} for ${user ?? String(uid)}, but newuidmap (package uidmap) is not installed; builds do not need it`,
      },
    ];
  return [{ ...about, verdict: 'ok', found: `${uids} and ${gids} for ${user ?? String(uid)}, and newuidmap` }];
}

function userName(passwd: string | undefined, uid: number): string | undefined {
  const fields = (passwd ?? '').split('\n').map((line) => line.split(':'));
  return fields.find((line) => line[2] === String(uid))?.[0];
}

/** `start+count` of the first range; the file names users by name or number (subuid(5)). */
function rangeOf(text: string | undefined, user: string | undefined, uid: number): string | undefined {
  const lines = (text ?? '').split('\n').map((line) => line.trim().split(':'));
  const [, start, count] = lines.find(([name]) => name !== undefined && (name === user || name === String(uid))) ?? [];
  return start === undefined || count === undefined || !(Number(count) > 0) ? undefined : `${start}+${count}`;
}

/** Whether a program can be started by its name. */
async function isOnPath(name: string, path: string | undefined): Promise<boolean> {
  for (const directory of (path ?? '').split(':')) {
    if (!directory.startsWith('/')) continue;
    const isThere = await access(join(directory, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
  }
  return false;
}
