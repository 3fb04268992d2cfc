import { lstatSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import type { Slice } from '../cnb/process.ts';
import { utf8 } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { fromText, toBuffer, type BytePath } from './byte-path.ts';
import { parseGlob, type Glob } from './glob.ts';
import type { LayerSource } from './layer-source.ts';
import { createPacer } from './pacer.ts';
import type { Place } from './place.ts';
import { readError } from './read-error.ts';

/** A file or directory of the app. */
interface Node {
  /** Relative to the app; empty for the app itself. */
  readonly path: BytePath;
  readonly parent: Node | undefined;
  /** Undefined for what is no directory. */
  readonly children: Node[] | undefined;
  isTaken: boolean;
}

/** A glob over the paths in the app, or the app itself: `?` and `.*` mean files in it, never all of it. */
type Pattern = Glob | 'app';

/**
 * Divides the app into one layer a slice and one for the rest (contract §13.4). A slice takes what its globs match, with whole
 * subtrees, and what no slice before it took; the directories above come along. Globs are relative to the app; an absolute one below
 * the app's logical path means the same (GAP-27), and one elsewhere matches nothing. Empty slices stay as empty layers.
 * Throws `BUILDPACK_INVALID` for a bad glob, `FILE_NOT_READABLE`, `FILE_CHANGED`.
 */
export async function planSlices(app: Place, slices: readonly Slice[], ctx: Context): Promise<readonly LayerSource[]> {
  const patterns = slices.map((slice) => slice.paths.flatMap((pattern) => patternOf(app, pattern)));
  // The usual app: its files are read once, while they are packed.
  if (slices.length === 0) return [{ kind: 'slice', place: app, paths: 'all' }];
  const nodes = await readTree(app, ctx);
  const sources = patterns.map((wanted) => sourceOf(app, takeSlice(nodes, wanted)));
  return [
    ...sources,
    sourceOf(
      app,
      nodes.filter((node) => !node.isTaken),
    ),
  ];
}

function sourceOf(place: Place, nodes: readonly Node[]): LayerSource {
  const paths = nodes.map((node) => node.path).sort((a, b) => (a < b ? -1 : 1));
  return { kind: 'slice', place, paths };
}

/** No pattern for one that is absolute and not below the app. */
function patternOf(app: Place, text: string): readonly Pattern[] {
  const clean = posix.normalize(text).replace(/(?<=.)\/$/, '');
  if (clean === '.' || clean === app.logical) return ['app'];
  // The path of the app is no part of the pattern: it may hold a bracket.
  if (clean.startsWith(`${app.logical}/`)) return [parseGlob(clean.slice(app.logical.length + 1))];
  const glob = parseGlob(clean);
  return clean.startsWith('/') ? [] : [glob];
}

/** Every file and directory of the app, parents before children. */
async function readTree(app: Place, ctx: Context): Promise<readonly Node[]> {
  const pacer = createPacer(ctx);
  const root: Node = { path: '', parent: undefined, children: [], isTaken: false };
  const nodes: Node[] = [root];
  const real = fromText(app.real);
  for (const node of nodes) {
    if (node.children === undefined) continue;
    const directory = node.path === '' ? real : `${real}/${node.path}`;
    for (const name of namesOf(directory)) {
      const path = node.path === '' ? name : `${node.path}/${name}`;
      const child = { path, parent: node, children: isDirectory(`${real}/${path}`) ? [] : undefined, isTaken: false };
      node.children.push(child);
      nodes.push(child);
    }
    await pacer.pause();
  }
  return nodes;
}

function namesOf(directory: BytePath): readonly BytePath[] {
  try {
    return readdirSync(toBuffer(directory), { encoding: 'latin1' });
  } catch (error) {
    throw readError(directory, error);
  }
}

function isDirectory(path: BytePath): boolean {
  try {
    return lstatSync(toBuffer(path)).isDirectory();
  } catch (error) {
    throw readError(path, error);
  }
}

/** Marks what the slice takes; returns that and the directories above it. */
function takeSlice(nodes: readonly Node[], patterns: readonly Pattern[]): readonly Node[] {
  const taken: Node[] = [];
  const take = (node: Node): void => {
    if (node.isTaken) return;
    for (const child of node.children ?? []) take(child);
    node.isTaken = true;
    taken.push(node);
  };
  if (patterns.length > 0) for (const node of nodes) if (isMatch(node, patterns)) take(node);
  const above = new Set<Node>();
  for (const node of taken) {
    for (
      let parent = node.parent;
      parent !== undefined && !parent.isTaken && !above.has(parent);
      parent = parent.parent
    ) {
      above.add(parent);
    }
  }
  // Deepest first: a directory whose children are all taken is not repeated in the rest.
  const deepestFirst = [...above].sort((a, b) => depth(b) - depth(a));
  for (const parent of deepestFirst) parent.isTaken = parent.children?.every((child) => child.isTaken) ?? false;
  return [...taken, ...above];
}

function isMatch(node: Node, patterns: readonly Pattern[]): boolean {
  if (node.isTaken) return false;
  if (node.parent === undefined) return patterns.includes('app');
  const path = utf8(toBuffer(node.path)) ?? node.path;
  return patterns.some((pattern) => pattern !== 'app' && pattern(path));
}

function depth(node: Node): number {
  let steps = 0;
  for (let parent = node.parent; parent !== undefined; parent = parent.parent) steps += 1;
  return steps;
}
