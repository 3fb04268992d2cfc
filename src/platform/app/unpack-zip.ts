import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Entry } from 'yauzl';
import type { Context } from '../../core/context.ts';
import { messageOf, SlipwayError, systemCode } from '../../core/errors.ts';
import { fromBytes, showPath, type BytePath } from '../../layer/byte-path.ts';
import { createPacer } from '../../layer/pacer.ts';
import type { AppLimits, AppTree } from './app-tree.ts';
import { skipped } from './unpack-tar.ts';
import { nameOf, openZip, type Zip } from './zip-file.ts';

export interface ZipTarget {
  /** The archive as messages call it. */
  readonly shown: string;
  readonly tree: AppTree;
  readonly limits: AppLimits;
}

const STORED = 0;
const DEFLATED = 8;
/** Systems whose zips have modes of files: Unix and macOS. */
const WITH_MODES: readonly number[] = [3, 19];
/** Of what came without one: programs run, and nobody else may write. */
const MODE = 0o755;
const TYPE = 0o170000;
const LINK_SIZE = 4096;

/** Every entry of a zip; its directory at the end of the file counts. Each name may be there once, and every checksum must be right. */
export async function unpackZip(handle: FileHandle, target: ZipTarget, ctx: Context): Promise<void> {
  const { shown, tree, limits } = target;
  const pacer = createPacer(ctx);
  const seen = new Map<BytePath, boolean>();
  const zip = await readable(target, () => openZip(handle));
  try {
    if (zip.directory.entryCount > limits.entries)
      throw damaged(
        target,
        `has ${String(zip.directory.entryCount)} entries, more than the ${String(limits.entries)} of any app`,
      );
    for await (const entry of entriesOf(zip, target)) {
      const name = fromBytes(nameOf(entry));
      const kind = kindOf(entry, name);
      checkName(name, kind, { tree, seen });
      if (kind === 'directory') tree.directory(name, modeOf(entry));
      else if (kind === 'other')
        ctx.emit({ type: 'warning', code: 'ENTRY_SKIPPED', message: skipped(shown, showPath(name)) });
      else await unpackBody({ zip, entry, name, kind }, target, ctx);
      await pacer.pause();
    }
  } finally {
    zip.directory.close();
  }
}

interface ZipEntry {
  readonly zip: Zip;
  readonly entry: Entry;
  readonly name: BytePath;
  readonly kind: 'file' | 'link';
}

async function unpackBody(item: ZipEntry, target: ZipTarget, ctx: Context): Promise<void> {
  const { entry, name, kind } = item;
  const { tree, limits } = target;
  const refusal = tree.refusal(name);
  if (entry.isEncrypted()) throw unsupported(target, name, 'is encrypted', 'make the archive without a password');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    const problem = `has the compression method ${String(entry.compressionMethod)}`;
    throw unsupported(target, name, problem, 'make the archive with deflate, the method of every zip program');
  }
  // Before anything of it is unpacked; that it is no more is checked on the way.
  if (entry.uncompressedSize > limits.bytes)
    throw refusal.invalid(`is too much: an app may unpack to ${String(limits.bytes)} bytes`);
  const body = checked(item, refusal.invalid, ctx);
  if (kind === 'file') {
    await tree.file(name, modeOf(entry), body);
    return;
  }
  if (entry.uncompressedSize > LINK_SIZE) throw refusal.invalid('is a symbolic link to no path');
  const parts: Uint8Array[] = [];
  for await (const chunk of body) parts.push(chunk);
  tree.symlink(name, fromBytes(Buffer.concat(parts)));
}

/** An entry's plain bytes; size and checksum are what the directory says, or it throws. */
async function* checked(
  { zip, entry }: ZipEntry,
  invalid: (problem: string) => SlipwayError,
  ctx: Context,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sum = 0;
  let size = 0;
  const stream = await zip.open(entry).catch((error: unknown) => {
    throw invalid(`is damaged: ${messageOf(error)}`);
  });
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        throw invalid(`is damaged: ${messageOf(error)}`);
      });
      if (next.done === true) break;
      if (!(next.value instanceof Uint8Array)) continue;
      ctx.signal.throwIfAborted();
      sum = crc32(next.value, sum);
      size += next.value.length;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
  if (size !== entry.uncompressedSize) throw invalid('is damaged: it has not the size that it should have');
  if (sum !== entry.crc32) throw invalid('is damaged: its checksum is wrong');
}

type Kind = 'file' | 'directory' | 'link' | 'other';

function kindOf(entry: Entry, name: BytePath): Kind {
  const type = WITH_MODES.includes(entry.versionMadeBy >>> 8) ? (entry.externalFileAttributes >>> 16) & TYPE : 0;
  if (name.endsWith('/') || type === 0o040000) return 'directory';
  if (type === 0o120000) return 'link';
  return type === 0 || type === 0o100000 ? 'file' : 'other';
}

function modeOf(entry: Entry): number {
  const mode = entry.externalFileAttributes >>> 16;
  return WITH_MODES.includes(entry.versionMadeBy >>> 8) && mode !== 0 ? mode & 0o7777 : MODE;
}

/** Names that other systems read otherwise, and names that come twice, which readers decide on in their own ways. */
function checkName(
  name: BytePath,
  kind: Kind,
  { tree, seen }: { readonly tree: AppTree; readonly seen: Map<BytePath, boolean> },
): void {
  const refusal = tree.refusal(name);
  if (name.includes('\\')) throw refusal.escape('has a backslash in its name');
  if (/^[A-Za-z]:(?:\/|$)/.test(name)) throw refusal.escape('has the name of a drive');
  const path = tree.path(name);
  const isDirectory = kind === 'directory';
  if (path === '' && !isDirectory) throw refusal.invalid('has no name');
  const before = seen.get(path);
  if (before !== undefined && !(before && isDirectory)) throw refusal.invalid('is there twice');
  seen.set(path, isDirectory);
}

async function* entriesOf({ directory }: Zip, target: ZipTarget): AsyncGenerator<Entry, void, undefined> {
  const entries = directory.eachEntry();
  for (;;) {
    const next = await readable(target, () => entries.next());
    if (next.done === true) return;
    yield next.value;
  }
}

async function readable<T>(target: ZipTarget, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof SlipwayError || systemCode(error) === 'EIO') throw error;
    throw damaged(target, `is a damaged zip, or cut off: ${messageOf(error)}`, error);
  }
}

function damaged({ shown }: ZipTarget, problem: string, cause?: unknown): SlipwayError {
  return new SlipwayError('ARCHIVE_INVALID', `${shown} ${problem}`, {
    details: { file: shown },
    hint: 'make the archive anew, or name the app’s directory',
    ...(cause === undefined ? {} : { cause }),
  });
}

function unsupported({ shown }: ZipTarget, name: BytePath, problem: string, hint: string): SlipwayError {
  const entry = showPath(name);
  return new SlipwayError('NOT_SUPPORTED', `${shown}: entry "${entry}" ${problem}`, {
    exit: 3,
    details: { file: shown, entry },
    hint,
  });
}
