import type { Context } from '../core/context.ts';
import type { Layer } from '../ports/blob.ts';
import { readTar } from '../tar/reader.ts';
import { ancestors, fromBytes, fromText, type BytePath } from './byte-path.ts';
import { openTar, subjectOf } from './open-tar.ts';
import { createPacer } from './pacer.ts';

export type FoundKind = 'file' | 'directory' | 'symlink' | 'absent';

/** What the topmost layer that knows a path says about it. */
type Verdict =
  { readonly kind: 'file' | 'directory' | 'absent' } | { readonly kind: 'symlink'; readonly target: BytePath };

type Verdicts = Map<BytePath, Verdict>;

/** Symbolic links on one way, as in Linux. */
const MAX_LINKS = 40;
/** `.wh.NAME` hides NAME of the layers below; `.wh..wh..opq` hides all that they have in its directory (image-spec, layer.md). */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * What each absolute path is in the image of these layers (bottom first). Whiteouts hide what is below; symbolic links on the way are
 * followed (`/bin/sh` where `/bin` is a link to `usr/bin`), one at the end is reported as such. Reads tar headers only, from the top
 * layer down as far as the answer needs, and again for the paths that a link leads to. Throws as `openTar` and `readTar` do.
 */
export async function findInLayers(
  layers: readonly Layer[],
  paths: readonly string[],
  ctx: Context,
): Promise<Readonly<Record<string, FoundKind>>> {
  const queries = paths.map(fromText);
  const wanted = new Set<BytePath>();
  for (;;) {
    const verdicts: Verdicts = new Map();
    let missing = missingFor(queries, verdicts);
    for (const layer of [...layers].reverse()) {
      // All known, or a link leads to paths that the layers above were not asked for.
      if (missing.length === 0 || missing.some((path) => !wanted.has(path))) break;
      await readLayer(layer, wanted, verdicts, ctx);
      missing = missingFor(queries, verdicts);
    }
    if (missing.every((path) => wanted.has(path))) {
      for (const path of wanted) if (!verdicts.has(path)) verdicts.set(path, { kind: 'absent' });
      missing = missingFor(queries, verdicts);
    }
    if (missing.length === 0) {
      return Object.fromEntries(paths.map((path) => [path, kindOf(resolve(fromText(path), verdicts))]));
    }
    for (const path of missing) wanted.add(path);
  }
}

/** Paths that must be known to go on. */
function missingFor(queries: readonly BytePath[], verdicts: Verdicts): readonly BytePath[] {
  return queries.flatMap((query) => {
    const result = resolve(query, verdicts);
    return typeof result === 'string' ? [] : result;
  });
}

function kindOf(result: FoundKind | readonly BytePath[]): FoundKind {
  return typeof result === 'string' ? result : 'absent';
}

/** Walks a path through the verdicts; where one is missing, that path and those that follow if it is a directory. */
function resolve(query: BytePath, verdicts: Verdicts): FoundKind | readonly BytePath[] {
  let at = '';
  let links = 0;
  let parts: readonly string[] = partsOf(query);
  for (;;) {
    const [part, ...rest] = parts;
    if (part === undefined) return 'directory';
    parts = rest;
    if (part === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = `${at}/${part}`;
    const verdict = verdicts.get(next);
    if (verdict === undefined) return [next, ...rest.map((_, index) => [next, ...rest.slice(0, index + 1)].join('/'))];
    if (rest.length === 0) return verdict.kind;
    if (verdict.kind === 'directory') at = next;
    else if (verdict.kind === 'symlink' && links < MAX_LINKS) {
      links += 1;
      if (verdict.target.startsWith('/')) at = '';
      parts = [...partsOf(verdict.target), ...rest];
    } else return 'absent';
  }
}

/** Adds what one layer says about wanted paths that no layer above spoke of. */
async function readLayer(layer: Layer, wanted: ReadonlySet<BytePath>, verdicts: Verdicts, ctx: Context): Promise<void> {
  const own: Verdicts = new Map();
  const implied = new Set<BytePath>();
  const hidden = new Set<BytePath>();
  const emptied = new Set<BytePath>();
  const pacer = createPacer(ctx);
  for await (const { header } of readTar(openTar(layer, ctx), subjectOf(layer), { endMarker: 'optional' })) {
    const path = `/${partsOf(fromBytes(header.name)).join('/')}`;
    const cut = path.lastIndexOf('/');
    const base = path.slice(cut + 1);
    if (base === OPAQUE) emptied.add(path.slice(0, cut));
    else if (base.startsWith(WHITEOUT)) hidden.add(`${path.slice(0, cut)}/${base.slice(WHITEOUT.length)}`);
    else if (wanted.has(path)) {
      const { type } = header;
      if (type === 'symlink') own.set(path, { kind: 'symlink', target: fromBytes(header.linkname) });
      else own.set(path, { kind: type === 'directory' ? 'directory' : 'file' });
    }
    for (const parent of ancestors(path)) if (wanted.has(parent)) implied.add(parent);
    await pacer.pause();
  }
  for (const path of wanted) {
    if (verdicts.has(path)) continue;
    const verdict = own.get(path) ?? (implied.has(path) ? { kind: 'directory' as const } : undefined);
    const above = ancestors(path);
    const isHidden =
      hidden.has(path) ||
      emptied.has('') ||
      above.some((parent) => hidden.has(parent) || emptied.has(parent) || isNoDirectory(own.get(parent)));
    if (verdict !== undefined) verdicts.set(path, verdict);
    else if (isHidden) verdicts.set(path, { kind: 'absent' });
  }
}

function isNoDirectory(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict.kind !== 'directory';
}

function partsOf(path: BytePath): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
