import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileFilter } from '../../workspace/copy-tree.ts';

export interface AppSize {
  readonly files: number;
  readonly bytes: number;
}

/** How much of an app a build would copy: files and links that neither the filter nor `skip` leaves out. */
export async function measureApp(
  directory: string,
  { skip, filter }: { readonly skip: ReadonlySet<string>; readonly filter: FileFilter | undefined },
  below = '',
): Promise<AppSize> {
  let [files, bytes] = [0, 0];
  for (const entry of await readdir(join(directory, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const real = join(directory, path);
    if (skip.has(real) || filter?.(path, entry.isDirectory()) === 'leave') continue;
    if (entry.isDirectory()) {
      const inner = await measureApp(directory, { skip, filter }, path);
      files += inner.files;
      bytes += inner.bytes;
    } else if (entry.isFile() || entry.isSymbolicLink()) {
      files += 1;
      bytes += entry.isFile() ? (await lstat(real)).size : 0;
    }
  }
  return { files, bytes };
}
