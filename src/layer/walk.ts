import { readdirSync } from 'node:fs';
import { toBuffer, type BytePath } from './byte-path.ts';
import type { PackEntry } from './layer-entries.ts';
import { readError } from './read-error.ts';

/** One path in both worlds. */
export interface Located {
  readonly real: BytePath;
  readonly logical: BytePath;
}

/**
 * `tree`: a directory is followed by what is in it. `path`: byte order of full paths, in which `a-b` comes between `a` and `a/x`
 * (contract §14.3, SliceLayers).
 */
export type WalkOrder = 'tree' | 'path';

interface Frame extends Located {
  readonly names: readonly BytePath[];
  next: number;
  /** Directories that were yielded and not entered yet. */
  readonly waiting: BytePath[];
}

/**
 * Yields what `read` makes of everything below a directory, in byte order of names, entering what turns out to be a directory. Holds the
 * names of one directory and of those above it, nothing else.
 */
export function* walk(
  root: Located,
  read: (location: Located) => PackEntry | undefined,
  order: WalkOrder,
): Iterable<PackEntry> {
  const stack = [open(root)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const name = top.names[top.next];
    const directory = takeWaiting(top, order === 'tree' ? undefined : name);
    if (directory !== undefined) stack.push(open(childOf(top, directory)));
    else if (name === undefined) stack.pop();
    else {
      top.next += 1;
      const entry = read(childOf(top, name));
      if (entry === undefined) continue;
      if (entry.header.type === 'directory') top.waiting.push(name);
      yield entry;
    }
  }
}

/** The first waiting directory whose contents come before `next`. */
function takeWaiting(frame: Frame, next: BytePath | undefined): BytePath | undefined {
  const { waiting } = frame;
  if (waiting.length === 0) return undefined;
  let first = 0;
  for (let index = 1; index < waiting.length; index += 1) {
    if (`${waiting[index] ?? ''}/` < `${waiting[first] ?? ''}/`) first = index;
  }
  if (next !== undefined && next < `${waiting[first] ?? ''}/`) return undefined;
  return waiting.splice(first, 1)[0];
}

function open(location: Located): Frame {
  try {
    // One character a byte, so that the order of strings is the order of bytes.
    const names = readdirSync(toBuffer(location.real), { encoding: 'latin1' }).sort((a, b) => (a < b ? -1 : 1));
    return { ...location, names, next: 0, waiting: [] };
  } catch (error) {
    throw readError(location.real, error);
  }
}

function childOf(parent: Located, name: BytePath): Located {
  return { real: `${parent.real}/${name}`, logical: `${parent.logical}/${name}` };
}
