import type { MemoPart } from '../../cache/memo-record.ts';
import type { ChangedPart } from '../../core/events.ts';
import { showPath } from '../../layer/byte-path.ts';
import type { TreeEntry } from '../../workspace/tree-digest.ts';

/** Names that are told one by one. */
const TOLD = 3;

/** The parts that are others than before, or were not there. */
export function changedParts(before: readonly MemoPart[], after: readonly MemoPart[]): readonly ChangedPart[] {
  const earlier = new Map(before.map(({ name, value }) => [name, value]));
  const changed = after.filter(({ name, value }) => earlier.get(name) !== value);
  return changed.map(({ name, value }) => {
    const old = earlier.get(name);
    return { part: name, ...(old === undefined ? {} : { before: old }), after: value };
  });
}

/** Which files of a source are others, in words: `2 of 31: src/app.js, src/new.js`. */
export function changedFiles(before: readonly TreeEntry[], after: readonly TreeEntry[]): string {
  const earlier = new Map(before.map((entry) => [entry.path, entry]));
  const others = new Map<string, 'changed' | 'mode' | 'new' | 'gone'>();
  for (const { path, kind, hash } of after) {
    const old = earlier.get(path);
    earlier.delete(path);
    if (old === undefined) others.set(path, 'new');
    else if (old.hash !== hash || typeOf(old) !== typeOf({ kind })) others.set(path, 'changed');
    else if (old.kind !== kind) others.set(path, 'mode');
  }
  for (const path of earlier.keys()) others.set(path, 'gone');
  const told = [...others].slice(0, TOLD).map(([path, what]) => {
    return what === 'changed' ? showPath(path) : `${showPath(path)} (${what})`;
  });
  const more = others.size > TOLD ? ', …' : '';
  return `${String(others.size)} of ${String(after.length)}: ${told.join(', ')}${more}`;
}

/** Without the mode. */
function typeOf({ kind }: Pick<TreeEntry, 'kind'>): string {
  return kind.slice(0, 1);
}
