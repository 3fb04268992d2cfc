// A root file system out of this machine's files, as gzip tars.
import { spawnSync } from 'node:child_process';
import { closeSync, lstatSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PLACES = ['usr/lib', 'usr/share'];
const LARGEST = 20e6;

/** Tars of about `bytes` of files in all, in `parts` files; their paths. The same machine gives the same files. */
export function rootFiles(directory, { bytes, parts }) {
  const names = chooseFiles(bytes);
  const share = names.reduce((sum, { size }) => sum + size, 0) / parts;
  const lists = Array.from({ length: parts }, () => []);
  let sum = 0;
  for (const { name, size } of names) {
    lists[Math.min(parts - 1, Math.floor(sum / share))].push(name);
    sum += size;
  }
  return lists.map((list, index) => {
    const file = join(directory, `root-${String(parts)}-${String(index)}.tar.gz`);
    const namesFile = `${file}.names`;
    writeFileSync(namesFile, list.join('\0'));
    const out = openSync(file, 'w');
    const script = 'tar -C / -c --null -T "$0" | gzip -6';
    const { status, stderr } = spawnSync('/bin/bash', ['-o', 'pipefail', '-c', script, namesFile], {
      stdio: ['ignore', out, 'pipe'],
    });
    closeSync(out);
    if (status !== 0) throw new Error(`tar of this machine’s files: ${String(stderr)}`);
    return file;
  });
}

/** Files and links in the order of their paths, evenly taken from all that is there. */
function chooseFiles(bytes) {
  const all = PLACES.flatMap((place) => below(place));
  const total = all.reduce((sum, { size }) => sum + size, 0);
  const every = Math.max(1, total / bytes);
  let [sum, taken] = [0, 0];
  return all.filter(({ size }) => {
    sum += size;
    if (taken * every > sum) return false;
    taken += size;
    return true;
  });
}

function below(directory) {
  return readdirSync(join('/', directory), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = join(directory, entry.name);
      if (entry.isDirectory()) return below(name);
      if (!entry.isFile() && !entry.isSymbolicLink()) return [];
      const { size } = lstatSync(join('/', name));
      return size > LARGEST ? [] : [{ name, size }];
    });
}
