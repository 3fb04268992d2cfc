import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { SlipwayError } from '../core/errors.ts';
import type { BytePath } from '../layer/byte-path.ts';

/** What an image says of a file, where the file here cannot say it. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
}

/** Paths without a leading slash; a path that is not in it is root's, and its mode is the one on disk. */
export type Owners = ReadonlyMap<BytePath, Ownership>;

/** Mode bits that no file of ours gets: anybody could run it as us. */
export const SET_ID_BITS = 0o6000;

export function needsRecord({ uid, gid, mode }: Ownership): boolean {
  return uid !== 0 || gid !== 0 || (mode & SET_ID_BITS) !== 0;
}

/** One line of JSON for each path, sorted: `["home/cnb",1000,1000,"755"]`; every character of a name is one byte. */
export async function writeOwners(path: string, owners: Owners): Promise<void> {
  await pipeline(linesOf(owners), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
}

/** Throws `STORE_INVALID` naming the file when a line is not one that `writeOwners` writes. */
export async function readOwners(path: string): Promise<Owners> {
  const owners = new Map<BytePath, Ownership>();
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    const [, name, uid, gid, mode] = /^\[("(?:[^"\\]|\\.)*"),(\d+),(\d+),"([0-7]+)"\]$/.exec(line) ?? [];
    const text: unknown = name === undefined ? undefined : JSON.parse(name);
    if (typeof text !== 'string' || mode === undefined)
      throw new SlipwayError('STORE_INVALID', `${path} has a malformed line: ${line.slice(0, 200)}`);
    owners.set(text, { uid: Number(uid), gid: Number(gid), mode: Number.parseInt(mode, 8) });
  }
  return owners;
}

function* linesOf(owners: Owners): Generator<string> {
  const batch: string[] = [];
  for (const [path, { uid, gid, mode }] of [...owners].sort(([a], [b]) => (a < b ? -1 : 1))) {
    batch.push(`[${JSON.stringify(path)},${String(uid)},${String(gid)},"${mode.toString(8)}"]\n`);
    if (batch.length === 1000) yield batch.splice(0).join('');
  }
  yield batch.join('');
}
