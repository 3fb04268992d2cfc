import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pathKind } from '../../core/path-kind.ts';
import { SlipwayError } from '../../core/errors.ts';
import { algorithmOf, digester, type Digest } from '../../oci/digest.ts';
import type { Download } from './open-download.ts';

/** The file that a `file://` URL names, where it is. Throws `FILE_NOT_FOUND`, `ARGUMENT_INVALID`, `CONTENT_MISMATCH`. */
export async function openLocalFile(url: URL, digest: Digest | undefined): Promise<Download> {
  const path = filePath(url);
  const kind = await pathKind(path);
  if (kind !== 'file')
    throw new SlipwayError('FILE_NOT_FOUND', `${path} ${kind === undefined ? 'does not exist' : 'is a directory'}`);
  if (digest !== undefined) await check(path, digest);
  const release = (): Promise<void> => Promise.resolve();
  return { path, release, [Symbol.asyncDispose]: release };
}

/** The path of a `file://` URL. Throws `ARGUMENT_INVALID` for one of another machine. */
function filePath(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new SlipwayError('ARGUMENT_INVALID', `${url.href} names no file of this machine`, { cause: error, exit: 3 });
  }
}

async function check(path: string, expected: Digest): Promise<void> {
  const hash = digester(algorithmOf(expected));
  for await (const chunk of createReadStream(path)) if (chunk instanceof Uint8Array) hash.update(chunk);
  const found = hash.digest();
  if (found !== expected)
    throw new SlipwayError('CONTENT_MISMATCH', `${path} is not the file that was asked for`, {
      details: { expected, found },
    });
}
