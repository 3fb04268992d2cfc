import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What is below a directory, a line for each path: type, mode, names of the same file, link target, time, content. */
export function rootListing(directory: string): readonly string[] {
  const inodes = new Map<number, string>();
  return pathsOf(directory, '')
    .sort()
    .map((path) => {
      const real = Buffer.from(`${directory}/${path}`, 'latin1');
      const stats = lstatSync(real);
      const time = String(Math.floor(stats.mtimeMs / 1000));
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) return `d ${mode} ${path} ${time}`;
      if (stats.isSymbolicLink()) return `l ${path} -> ${readlinkSync(real, 'latin1')} ${time}`;
      if (!stats.isFile()) return `o ${mode} ${path}`;
      const first = inodes.get(stats.ino) ?? path;
      inodes.set(stats.ino, first);
      const hash = createHash('sha256').update(readFileSync(real)).digest('hex').slice(0, 12);
      return `f ${mode} ${path}${first === path ? '' : ` = ${first}`} ${time} ${hash}`;
    });
}

function pathsOf(directory: string, inside: string): string[] {
  const real = Buffer.from(`${directory}/${inside}`, 'latin1');
  return readdirSync(real, { encoding: 'latin1' }).flatMap((name) => {
    const path = inside === '' ? name : `${inside}/${name}`;
    const isDirectory = lstatSync(Buffer.from(`${directory}/${path}`, 'latin1')).isDirectory();
    return isDirectory ? [path, ...pathsOf(directory, path)] : [path];
  });
}
