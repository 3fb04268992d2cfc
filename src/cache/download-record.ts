import { readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { hexOf, isDigest, type Digest } from '../oci/digest.ts';
import { ObjectReader } from '../schema/reader.ts';

const RECORD = 'record.json';

/** What the cache knows of a downloaded file. An entry without one holds nothing that counts. */
export interface DownloadRecord {
  /** Without query and user. */
  readonly url: string;
  readonly digest: Digest;
  readonly bytes: number;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Where an entry keeps the file of a record. */
export function downloadedFile(entry: string, { digest }: Pick<DownloadRecord, 'digest'>): string {
  return join(entry, hexOf(digest));
}

/** The record of an entry whose file is there with its size; else undefined. */
export async function readDownloadRecord(entry: string): Promise<DownloadRecord | undefined> {
  try {
    const record = decodeRecord(JSON.parse(await readFile(join(entry, RECORD), 'utf8')));
    if (record === undefined) return undefined;
    return (await stat(downloadedFile(entry, record))).size === record.bytes ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** From now on the entry's file is that of the record, which must be there. */
export async function writeDownloadRecord(entry: string, record: DownloadRecord): Promise<void> {
  await writeFileAtomic(join(entry, RECORD), `${JSON.stringify({ version: 1, ...record })}\n`, { mode: 0o600 });
}

/** Notes that the entry was used now. */
export async function touchDownload(entry: string, ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  await utimes(join(entry, RECORD), now, now);
}

function decodeRecord(value: unknown): DownloadRecord | undefined {
  const reader = new ObjectReader(value);
  const [url, digest, bytes] = [reader.string('url'), reader.string('digest'), reader.safeInteger('bytes')];
  const [etag, lastModified] = [reader.optionalString('etag'), reader.optionalString('lastModified')];
  if (reader.issues.length > 0 || !isDigest(digest)) return undefined;
  return {
    url,
    digest,
    bytes,
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}
