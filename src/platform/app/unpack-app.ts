import type { FileHandle } from 'node:fs/promises';
import type { Context } from '../../core/context.ts';
import { hasCode, messageOf, SlipwayError, systemCode } from '../../core/errors.ts';
import { decompress } from '../../layer/decompress.ts';
import { APP_LIMITS, AppTree, type AppLimits } from './app-tree.ts';
import type { ArchiveKind } from './archive-kind.ts';
import { bytesBetween } from './file-range.ts';
import { unpackTar } from './unpack-tar.ts';

export type { AppLimits } from './app-tree.ts';

export interface AppArchive {
  readonly handle: FileHandle;
  readonly kind: ArchiveKind;
  /** The archive as messages call it. */
  readonly shown: string;
  readonly limits?: AppLimits;
}

/**
 * Unpacks an app into an empty directory, in bounded memory: modes and links as in the archive, owners and times are not. Throws
 * `ARCHIVE_INVALID` for what is damaged, cut off or too much, `ARCHIVE_UNSAFE` for what would leave the directory, `NOT_SUPPORTED` for
 * encrypted entries and methods that nobody here knows; each names archive and entry. What was written then stays.
 */
export async function unpackApp(archive: AppArchive, directory: string, ctx: Context): Promise<void> {
  const { handle, kind, shown, limits = APP_LIMITS } = archive;
  const tree = new AppTree(directory, shown, limits);
  if (kind.kind === 'zip') {
    const { unpackZip } = await import('./unpack-zip.ts');
    await unpackZip(handle, { shown, tree, limits }, ctx);
  } else {
    const bytes = bytesBetween(handle, 0, Number.MAX_SAFE_INTEGER);
    const tar = plain(decompress(bytes, kind.compression, shown), shown);
    await explained(shown, () => unpackTar(tar, { shown, tree }, ctx));
  }
  tree.finish();
}

/** What the reader of tars throws has no way out in it. */
async function explained(shown: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!hasCode(error, 'ARCHIVE_INVALID', 'ARCHIVE_UNSAFE') || error.hint !== undefined) throw error;
    throw new SlipwayError(error.code, error.message, {
      cause: error,
      details: { file: shown, ...error.details },
      hint: 'make the archive anew, or name the app’s directory',
    });
  }
}

/** What zlib says of damage is said of the archive. */
async function* plain(source: AsyncIterable<Uint8Array>, shown: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined || !(code.startsWith('Z_') || code.startsWith('ZSTD_') || code.startsWith('ERR_ZLIB')))
      throw error;
    throw new SlipwayError('ARCHIVE_INVALID', `${shown} is damaged or cut off: ${messageOf(error)}`, {
      cause: error,
      details: { file: shown },
      hint: 'make the archive anew: its compressed data ends early or was changed',
    });
  }
}
