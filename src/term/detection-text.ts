import type { ListedModule } from '../cnb/listed-module.ts';
import type { DetectionEntry } from '../cnb/detection-tree.ts';
import { alignColumns } from './columns.ts';

/** The tree of an order, as pack draws it: groups counted, buildpacks with what is optional about them. */
export function detectionLines(entries: readonly DetectionEntry[]): readonly string[] {
  return treeLines(entries, ' ');
}

/** Modules as a table with a head. */
export function moduleLines(modules: readonly ListedModule[]): readonly string[] {
  const rows = modules.map(({ id, name, version, homepage }) => [id, name ?? '-', version, homepage ?? '-']);
  return alignColumns([['ID', 'NAME', 'VERSION', 'HOMEPAGE'], ...rows]).map((line) => `  ${line}`);
}

function treeLines(entries: readonly DetectionEntry[], indent: string): readonly string[] {
  return entries.flatMap((entry, index) => {
    const isLast = index === entries.length - 1;
    const line = `${indent}${isLast ? '└' : '├'} ${labelOf(entry, index)}`;
    return [line, ...treeLines(entry.entries, `${indent}${isLast ? ' ' : '│'}  `)];
  });
}

function labelOf({ id, version = '', optional, cyclic }: DetectionEntry, index: number): string {
  if (id === undefined) return `Group #${String(index + 1)}:`;
  const marks = [...(optional === true ? ['(optional)'] : []), ...(cyclic === true ? ['[cyclic]'] : [])];
  return [`${id}${version === '' ? '' : `@${version}`}`, ...marks].join('   ');
}
