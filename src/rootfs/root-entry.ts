import { readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { pathKind } from '../core/path-kind.ts';
import { ownIdentity } from '../core/process-identity.ts';
import { treeBytes } from '../layer/tree-bytes.ts';

/** The parts of an unpacked image: its tree, who owns what in it, and the mark that both are whole. */
export const ROOT_PARTS = { root: 'root', owners: 'owners.jsonl', mark: 'complete.json' } as const;

export interface RootMark {
  readonly version: 1;
  /** The image as it was named when it was unpacked. */
  readonly image: string;
  readonly manifest: string;
  readonly platform: string;
  readonly entries: number;
  readonly bytes: number;
  /** The boot of the machine in which it was written, or checked. */
  readonly boot: string;
}

export async function writeMark(entry: string, mark: Omit<RootMark, 'version' | 'boot'>): Promise<void> {
  const whole: RootMark = { version: 1, ...mark, boot: ownIdentity().boot };
  await writeFileAtomic(join(entry, ROOT_PARTS.mark), `${JSON.stringify(whole)}\n`, { mode: 0o600 });
}

/** The mark of an unpacked image that is whole; undefined for anything else. Its time of modification is that of the last use. */
export async function readMark(entry: string): Promise<RootMark | undefined> {
  try {
    const mark: unknown = JSON.parse(await readFile(join(entry, ROOT_PARTS.mark), 'utf8'));
    return isMark(mark) ? mark : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * Whether there is a whole tree to be used, whose use is noted then. Nothing forces files to the disk, so a machine that lost its power may have kept the
 * mark and lost contents: after a boot the sizes of all files are added up once.
 */
export async function useEntry(entry: string, ctx: Context): Promise<boolean> {
  const mark = await readMark(entry);
  const root = join(entry, ROOT_PARTS.root);
  if (mark === undefined || (await pathKind(root)) !== 'directory') return false;
  if (mark.boot !== ownIdentity().boot) {
    if ((await treeBytes(root, ctx)) !== mark.bytes) return false;
    await writeMark(entry, mark);
  }
  await touchEntry(entry, ctx);
  return true;
}

/** Notes the use of a whole entry. */
export async function touchEntry(entry: string, ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  await utimes(join(entry, ROOT_PARTS.mark), now, now);
}

function isMark(value: unknown): value is RootMark {
  if (typeof value !== 'object' || value === null) return false;
  const has = (name: string, type: string): boolean => typeof Reflect.get(value, name) === type;
  return (
    Reflect.get(value, 'version') === 1 &&
    ['image', 'manifest', 'platform', 'boot'].every((name) => has(name, 'string')) &&
    ['entries', 'bytes'].every((name) => has(name, 'number'))
  );
}
