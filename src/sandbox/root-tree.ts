import { lstat, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystem } from '../core/errors.ts';

/** One step in building a root out of this machine's own, in order. */
export type TreeEntry =
  /** A directory or file of the base, read-only, with all below it. */
  | { readonly kind: 'bind'; readonly path: string; readonly source: string; readonly isDirectory: boolean }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** An empty directory of the new root. */
  | { readonly kind: 'directory'; readonly path: string }
  /** An empty directory over one that a bind shows. */
  | { readonly kind: 'cover-directory'; readonly path: string }
  /** Something that cannot be read over a file that a bind shows. */
  | { readonly kind: 'cover-file'; readonly path: string };

/** What a root is made of: `/` is this machine's own, anything else a directory that holds a whole system. */
export interface RootBase {
  readonly base: string;
  /** Absolute paths, as seen inside, that are not shown. */
  readonly hidden: readonly string[];
}

/**
 * A root without what a buildpack has no business with: kernel file systems, /tmp and the `hidden` paths, and of this machine's
 * own root also run-time sockets and removable media. Every one of `targets` can afterwards be made a mount point: where the base
 * has no such directory, the ones above it become directories of the new root that show their children one by one.
 */
export async function rootTree(root: RootBase, targets: readonly string[]): Promise<readonly TreeEntry[]> {
  const concealed = new Set([...root.hidden, ...(root.base === '/' ? NOT_SHOWN : ANEW)]);
  const expanded = new Set<string>(['/']);
  for (const target of targets) {
    for (const directory of await missingFrom(target, root.base, concealed)) expanded.add(directory);
  }
  const entries: TreeEntry[] = [];
  await addChildren('/', root.base, { concealed, expanded }, entries);
  for (const path of [...root.hidden].sort()) {
    const kind = await kindOf(join(root.base, path));
    if (kind === 'absent' || !isShown(path, entries)) continue;
    entries.push({ kind: kind === 'directory' ? 'cover-directory' : 'cover-file', path });
  }
  return entries;
}

/** True for paths that a root of this machine's own does not show, before any mount: below a hidden or a never shown directory. */
export function isConcealed(path: string, hidden: readonly string[]): boolean {
  return [...hidden, ...NOT_SHOWN].some((directory) => isWithin(path, directory));
}

/** True when `path` is `directory` or below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`);
}

/** Made anew by the caller or left out. */
export const ANEW: readonly string[] = ['/proc', '/dev', '/sys', '/tmp'];
const NOT_SHOWN: readonly string[] = [...ANEW, '/run', '/boot', '/mnt', '/media', '/lost+found'];

/** The directories that must be expanded so that `target` can be created; none when it exists or lies in an empty directory. */
async function missingFrom(target: string, base: string, concealed: ReadonlySet<string>): Promise<readonly string[]> {
  const above: string[] = [];
  let path = '';
  for (const part of target.split('/').filter((name) => name !== '')) {
    above.push(path === '' ? '/' : path);
    path = `${path}/${part}`;
    if (concealed.has(path)) return above;
    const kind = await kindOf(join(base, path));
    if (kind === 'absent') return above;
    // A link is followed by whoever mounts there; a file is a mount point already.
    if (kind !== 'directory') return [];
  }
  return [];
}

async function addChildren(
  directory: string,
  base: string,
  paths: { readonly concealed: ReadonlySet<string>; readonly expanded: ReadonlySet<string> },
  entries: TreeEntry[],
): Promise<void> {
  const children = await readdir(join(base, directory), { withFileTypes: true });
  for (const child of children.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, child.name);
    const source = join(base, path);
    if (paths.concealed.has(path)) {
      if (child.isDirectory()) entries.push({ kind: 'directory', path });
    } else if (child.isSymbolicLink()) {
      entries.push({ kind: 'symlink', path, target: await readlink(source) });
    } else if (child.isDirectory() && paths.expanded.has(path)) {
      entries.push({ kind: 'directory', path });
      await addChildren(path, base, paths, entries);
    } else if (child.isDirectory() || (child.isFile() && directory !== '/')) {
      entries.push({ kind: 'bind', path, source, isDirectory: child.isDirectory() });
    }
  }
}

function isShown(path: string, entries: readonly TreeEntry[]): boolean {
  return entries.some((entry) => entry.kind === 'bind' && (entry.path === path || isWithin(dirname(path), entry.path)));
}

async function kindOf(path: string): Promise<'directory' | 'other' | 'absent'> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return 'absent';
    throw error;
  }
}
