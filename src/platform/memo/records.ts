import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { MEMO_PARTS, readMemoRecord, touchMemo, writeMemoRecord, type MemoRecord } from '../../cache/memo-record.ts';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, messageOf, systemCode } from '../../core/errors.ts';
import { lockOf } from '../../core/lease.ts';
import { withLock } from '../../core/lock-directory.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { namesIn } from '../../core/names-in.ts';
import { removeTree } from '../../layer/remove-tree.ts';
import type { Digest } from '../../oci/digest.ts';
import { isObject } from '../../schema/reader.ts';
import type { TreeEntry } from '../../workspace/tree-digest.ts';
import { copySboms } from '../build/keep-sboms.ts';
import { cacheRoot } from '../cache-root.ts';
import type { Machine } from '../machine.ts';

/** Builds of one image that are remembered. */
const KEPT = 20;
const MAX_LISTING_BYTES = 64 << 20;

/** Where builds are remembered: a directory for each key. */
export function memoArea(machine: Machine): string {
  return join(cacheRoot(machine), 'memo');
}

export function memoEntry(area: string, key: Digest): string {
  return join(area, entryName(key));
}

/** As unpacked images are named. */
function entryName(key: Digest): string {
  return key.replace(':', '-');
}

/** What is remembered under a key, undefined where nothing is. One that cannot be read is a `CACHE_IGNORED` warning and nothing. */
export async function findRecord(area: string, key: Digest, ctx: Context): Promise<MemoRecord | undefined> {
  const entry = memoEntry(area, key);
  try {
    const record = await readMemoRecord(entry);
    if (record?.key === key) return record;
  } catch (error) {
    if (systemCode(error) === undefined && !hasCode(error, 'FILE_INVALID')) throw error;
    const message = `what is remembered of this build is passed over: ${messageOf(error)}`;
    ctx.emit({ type: 'warning', code: 'CACHE_IGNORED', message });
  }
  return undefined;
}

/** The latest build of that name. */
export async function lastRecord(area: string, image: string): Promise<MemoRecord | undefined> {
  return (await recordsOf(area, image))[0];
}

/** Notes that a build is still of use; one that cannot be written to is. */
export async function useRecord(area: string, key: Digest, ctx: Context): Promise<void> {
  try {
    await touchMemo(memoEntry(area, key), ctx);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/** What belongs to a record besides. */
export interface RecordFiles {
  /** Directory of the build's SBOM files, where they were asked for. */
  readonly sboms: string | undefined;
  /** The source, entry by entry, to tell later what changed. */
  readonly entries: readonly TreeEntry[] | undefined;
}

/**
 * Remembers a build: with what was remembered under its key of other compressions and places. Only the latest builds of an image are
 * kept, and of these only the last one's source is listed. Throws `WRITE_FAILED`, `DISK_FULL`, `LOCK_TIMEOUT`.
 */
export async function keepRecord(area: string, record: MemoRecord, files: RecordFiles, ctx: Context): Promise<void> {
  const entry = memoEntry(area, record.key);
  await makeDirectory(area, { mode: 0o700 });
  await withLock(lockOf(entry), ctx, async () => {
    const earlier = await soundRecord(entry);
    await makeDirectory(entry, { mode: 0o700 });
    if (files.sboms !== undefined) await copySboms(files.sboms, entry, ctx);
    if (files.entries !== undefined) await writeListing(entry, files.entries);
    await writeMemoRecord(entry, earlier === undefined ? record : merged(record, earlier));
  });
  for (const [index, { key }] of (await recordsOf(area, record.image)).entries()) {
    if (key === record.key) continue;
    const other = memoEntry(area, key);
    if (index >= KEPT) await removeTree(other, ctx);
    else await rm(join(other, MEMO_PARTS.listing), { force: true });
  }
}

/** The entries of a build's source; undefined where they are not known. */
export async function readListing(area: string, key: Digest): Promise<readonly TreeEntry[] | undefined> {
  try {
    const packed = await readFile(join(memoEntry(area, key), MEMO_PARTS.listing));
    const text = await promisify(gunzip)(packed, { maxOutputLength: MAX_LISTING_BYTES });
    const value: unknown = JSON.parse(text.toString('utf8'));
    return Array.isArray(value) ? value.filter(isEntry) : undefined;
  } catch {
    // It only says what changed: missing, cut off or of another kind, it says nothing.
    return undefined;
  }
}

async function writeListing(entry: string, entries: readonly TreeEntry[]): Promise<void> {
  const packed = await promisify(gzip)(JSON.stringify(entries), { level: 1 });
  await writeFileAtomic(join(entry, MEMO_PARTS.listing), packed, { mode: 0o600 });
}

function isEntry(value: unknown): value is TreeEntry {
  return isObject(value) && ['path', 'kind', 'hash'].every((name) => typeof value[name] === 'string');
}

function merged(record: MemoRecord, earlier: MemoRecord): MemoRecord {
  const own = new Set(record.images.map(({ compression }) => compression));
  return {
    ...record,
    images: [...record.images, ...earlier.images.filter(({ compression }) => !own.has(compression))],
    places: [...new Set([...record.places, ...earlier.places])].slice(0, KEPT),
    hasSboms: record.hasSboms || earlier.hasSboms,
  };
}

/** Latest first. */
async function recordsOf(area: string, image: string): Promise<readonly MemoRecord[]> {
  const records: MemoRecord[] = [];
  for (const name of await namesIn(area)) {
    if (!/^sha256-[0-9a-f]{64}$/.test(name)) continue;
    const record = await soundRecord(join(area, name));
    if (record?.image === image && entryName(record.key) === name) records.push(record);
  }
  return records.sort((a, b) => (a.time < b.time ? 1 : -1));
}

async function soundRecord(entry: string): Promise<MemoRecord | undefined> {
  try {
    return await readMemoRecord(entry);
  } catch (error) {
    if (systemCode(error) === undefined && !hasCode(error, 'FILE_INVALID')) throw error;
    return undefined;
  }
}
