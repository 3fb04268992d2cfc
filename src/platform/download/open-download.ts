import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  downloadedFile,
  readDownloadRecord,
  touchDownload,
  writeDownloadRecord,
  type DownloadRecord,
} from '../../cache/download-record.ts';
import { writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, retold, SlipwayError } from '../../core/errors.ts';
import { isLeased, lockOf, takeLease, type Lease } from '../../core/lease.ts';
import { removeLeftovers } from '../../core/leftovers.ts';
import { withLock } from '../../core/lock-directory.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import type { Digest } from '../../oci/digest.ts';
import { displayUrl } from '../../registry/http.ts';
import type { DownloadPlace } from './download-place.ts';
import { fetchFile } from './fetch-file.ts';
import { openLocalFile } from './local-file.ts';

export interface DownloadOptions {
  /** What the file has to be. A copy that is it is used without asking the host. */
  readonly digest?: Digest;
  /** Default 4 GiB. */
  readonly maxBytes?: number;
}

/** A local file that stays as it is until it is released. Never write to it. */
export interface Download extends Lease {
  readonly path: string;
}

const MAX_BYTES = 4 * 1024 * 1024 * 1024;
/** Another process that downloads the same file is waited for; it shows signs of life meanwhile. */
const WAIT_MS = 60 * 60 * 1000;

/**
 * The file that an `http(s)://` or `file://` URL names. Downloads are kept by the SHA-256 of the URL; a kept copy is used while the host says
 * that it is unchanged (ETag, Last-Modified), and with a warning when the host cannot be asked. Any number of processes may ask at once.
 * Throws `ARGUMENT_INVALID` for another URL, `FILE_NOT_FOUND`, `DOWNLOAD_FAILED`, `CONTENT_MISMATCH`, `REGISTRY_INSECURE`, `REGISTRY_UNREACHABLE`.
 */
export async function openDownload(
  text: string,
  place: DownloadPlace,
  ctx: Context,
  options: DownloadOptions = {},
): Promise<Download> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'file:') return openLocalFile(url, options.digest);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new SlipwayError('ARGUMENT_INVALID', `${text} is not a URL that files are downloaded from`, {
      exit: 3,
      hint: 'write https://…, or file://…',
    });
  const entry = join(place.directory, keyOf(url));
  const find = async (): Promise<Download> => {
    const path = downloadedFile(entry, await current({ url, entry, place, options }, ctx));
    return { path, ...(await takeLease(entry)) };
  };
  return withLock(lockOf(entry), ctx, find, { timeoutMs: WAIT_MS });
}

interface Asked {
  readonly url: URL;
  readonly entry: string;
  readonly place: DownloadPlace;
  readonly options: DownloadOptions;
}

async function current(asked: Asked, ctx: Context): Promise<DownloadRecord> {
  const { url, entry, place, options } = asked;
  const start = ctx.clock.monotonicMs();
  const kept = await readDownloadRecord(entry);
  const isAsked = options.digest === undefined || kept?.digest === options.digest;
  const known = isAsked ? kept : undefined;
  if (known !== undefined && options.digest !== undefined) return use(entry, known, ctx);
  try {
    const fetched = place.registry.offline === true ? offline(url) : await refresh(asked, known, ctx);
    const record = fetched ?? known;
    if (record === undefined) throw new Error(`nothing was downloaded from ${displayUrl(url)}`);
    const { bytes, digest } = record;
    const ms = ctx.clock.monotonicMs() - start;
    const from = fetched === undefined ? 'cache' : 'network';
    ctx.emit({ type: 'file.downloaded', url: displayUrl(url), bytes, digest, from, ms });
    return fetched ?? (await use(entry, record, ctx));
  } catch (error) {
    if (!isAway(error)) throw error;
    if (known === undefined) throw retold(error, { message: `cannot download ${displayUrl(url)}: ${error.message}` });
    const message = `${error.message}: the copy of ${displayUrl(url)} that was downloaded before is used`;
    ctx.emit({ type: 'warning', code: 'DOWNLOAD_NOT_CHECKED', message });
    return use(entry, known, ctx);
  }
}

/** The new record, or undefined when the known copy is still the one. Older files go, unless somebody reads them. */
async function refresh(
  { url, entry, place, options }: Asked,
  known: DownloadRecord | undefined,
  ctx: Context,
): Promise<DownloadRecord | undefined> {
  await prepare(entry, ctx);
  const request = { url, entry, known, digest: options.digest, maxBytes: options.maxBytes ?? MAX_BYTES };
  const record = await fetchFile(request, place.registry, ctx);
  if (record === undefined) return undefined;
  await writeDownloadRecord(entry, record);
  if (!(await isLeased(entry, ctx))) await removeOthers(entry, record);
  return record;
}

async function prepare(entry: string, ctx: Context): Promise<void> {
  try {
    await makeDirectory(entry, { mode: 0o700 });
  } catch (error) {
    throw writeError(entry, error);
  }
  await removeLeftovers(entry, ctx);
}

async function removeOthers(entry: string, record: DownloadRecord): Promise<void> {
  const own = basename(downloadedFile(entry, record));
  for (const name of await readdir(entry))
    if (/^[0-9a-f]{64,128}$/.test(name) && name !== own) await rm(join(entry, name), { force: true });
}

async function use(entry: string, record: DownloadRecord, ctx: Context): Promise<DownloadRecord> {
  await touchDownload(entry, ctx);
  return record;
}

function offline(url: URL): never {
  throw new SlipwayError('REGISTRY_UNREACHABLE', `${url.host} is not asked: the network is switched off`, {
    hint: 'leave out --offline, or download the file yourself and name it',
  });
}

function isAway(error: unknown): error is SlipwayError {
  if (hasCode(error, 'REGISTRY_UNREACHABLE')) return true;
  const status = hasCode(error, 'DOWNLOAD_FAILED') ? Number(error.details['status']) : 0;
  return status === 429 || status >= 500;
}

function keyOf(url: URL): string {
  const plain = new URL(url);
  plain.hash = '';
  return createHash('sha256').update(plain.href).digest('hex');
}
