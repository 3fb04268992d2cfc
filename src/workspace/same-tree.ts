import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';

/** Whether two directories hold the same: names, contents, targets of links, and which files can be run. Owners and times do not count. */
export async function isSameTree(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(a), lstat(b)]);
  if (kindOf(one) !== kindOf(other)) return false;
  if (one.isSymbolicLink()) return (await readlink(a)) === (await readlink(b));
  if (one.isFile())
    return (
      one.size === other.size && isProgram(one) === isProgram(other) && (await digestOf(a)) === (await digestOf(b))
    );
  if (!one.isDirectory()) return true;
  const [names, otherNames] = await Promise.all([namesIn(a), namesIn(b)]);
  if (names.length !== otherNames.length || names.some((name, at) => name !== otherNames[at])) return false;
  for (const name of names) if (!(await isSameTree(join(a, name), join(b, name)))) return false;
  return true;
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isFile() ? 'file' : 'other';
}

function isProgram({ mode }: Stats): boolean {
  return (mode & 0o111) !== 0;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).sort();
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) if (chunk instanceof Uint8Array) hash.update(chunk);
  return hash.digest('hex');
}
