import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadedFile, type DownloadRecord } from '../../cache/download-record.ts';
import { discard, uniqueSuffix, writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError, systemCode } from '../../core/errors.ts';
import { digester, type Digest } from '../../oci/digest.ts';
import { getUrl } from '../../registry/get-url.ts';
import { displayUrl, type Headers } from '../../registry/http.ts';
import type { FollowedResponse } from '../../registry/follow.ts';
import type { RegistryOptions } from '../../registry/options.ts';

export interface FetchRequest {
  readonly url: URL;
  /** Directory that gets the file. */
  readonly entry: string;
  /** The copy that is there. */
  readonly known: DownloadRecord | undefined;
  readonly digest: Digest | undefined;
  readonly maxBytes: number;
}

/**
 * The file as its host has it now: asked for by the validators of the copy that is there, undefined when that is still the one. It lies in
 * the entry under its digest only when it is whole. Throws `DOWNLOAD_FAILED`, `CONTENT_MISMATCH`, and what `getUrl` throws.
 */
export async function fetchFile(
  request: FetchRequest,
  registry: RegistryOptions,
  ctx: Context,
): Promise<DownloadRecord | undefined> {
  const { url, known } = request;
  const answer = await getUrl({ url, headers: validators(known) }, registry, ctx, (response) =>
    save(response, request, ctx),
  );
  if (answer.used !== undefined) return answer.used;
  if (answer.status === 304 && known !== undefined) return undefined;
  throw refused(url, answer.status);
}

async function save(answer: FollowedResponse, request: FetchRequest, ctx: Context): Promise<DownloadRecord> {
  const { entry, url, maxBytes, digest: expected } = request;
  const { etag, 'last-modified': lastModified, 'content-length': length } = answer.headers;
  if (Number(length ?? 0) > maxBytes) throw tooLarge(url, maxBytes);
  const staged = join(entry, `.content.${uniqueSuffix()}`);
  try {
    const hash = digester(expected?.startsWith('sha512:') === true ? 'sha512' : 'sha256');
    const bytes = await write(answer.body, staged, (chunk, total) => {
      if (total > maxBytes) throw tooLarge(url, maxBytes);
      ctx.signal.throwIfAborted();
      hash.update(chunk);
    });
    const digest = hash.digest();
    if (expected !== undefined && digest !== expected)
      throw new SlipwayError('CONTENT_MISMATCH', `${displayUrl(url)} is not the file that was asked for`, {
        details: { expected, found: digest },
        hint: 'the file was changed, or something on the way did it: nothing of it was kept',
      });
    const record = {
      url: displayUrl(url),
      digest,
      bytes,
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
    };
    await rename(staged, downloadedFile(entry, record));
    return record;
  } catch (error) {
    await discard(staged);
    throw error;
  }
}

/** Writes and forces to the disk; the length. Errors of the file are told apart from those of the network, which pass unchanged. */
async function write(
  body: AsyncIterable<Uint8Array>,
  path: string,
  look: (chunk: Uint8Array, total: number) => void,
): Promise<number> {
  const onDisk = async <T>(task: Promise<T>): Promise<T> => {
    try {
      return await task;
    } catch (error) {
      throw systemCode(error) === undefined ? error : writeError(path, error);
    }
  };
  const file = await onDisk(open(path, 'wx', 0o600));
  try {
    let total = 0;
    for await (const chunk of body) {
      total += chunk.byteLength;
      look(chunk, total);
      await onDisk(file.writeFile(chunk));
    }
    await onDisk(file.sync());
    return total;
  } finally {
    await file.close();
  }
}

function validators(known: DownloadRecord | undefined): Headers {
  if (known?.etag !== undefined) return { 'if-none-match': known.etag };
  return known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified };
}

function tooLarge(url: URL, maxBytes: number): SlipwayError {
  return new SlipwayError('DOWNLOAD_FAILED', `${displayUrl(url)} is larger than ${String(maxBytes)} bytes`, {
    hint: 'no module is that large: check what the URL leads to',
  });
}

function refused(url: URL, status: number): SlipwayError {
  const isAbsent = status === 404 || status === 410;
  const isDenied = status === 401 || status === 403;
  return new SlipwayError(
    'DOWNLOAD_FAILED',
    isAbsent ? `${displayUrl(url)} does not exist` : `${displayUrl(url)} cannot be downloaded`,
    {
      details: { status: String(status) },
      hint: isDenied
        ? 'write user and password into the URL (https://USER:PASSWORD@HOST/…), or download it yourself and name the file'
        : 'check the address, or download it yourself and name the file',
    },
  );
}
