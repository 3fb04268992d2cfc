import { chmod, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { hasCode, SlipwayError } from '../../core/errors.ts';
import type { Location } from '../../oci/location.ts';
import { extractInto } from '../../layer/extract-into.ts';
import { openArchiveFile, type ArchiveFile } from '../../store/archive/archive-file.ts';

/** What a file that holds modules is: the tar of a module's directory, unpacked, or a package. */
export type ModuleFile =
  { readonly kind: 'directory'; readonly directory: string } | { readonly kind: 'image'; readonly location: Location };

const DESCRIPTORS = /^(?:([^/]+)\/)?(?:buildpack|extension)\.toml$/;

/**
 * Opens a file by what is in it, whatever its name: a tar (also gzip) with buildpack.toml or extension.toml on top, or in the only
 * directory on top, is unpacked below `ctx.tmp`; a tar of an OCI layout is a package (`.cnb`). Throws `FILE_INVALID` naming `shown`
 * for anything else, `FILE_NOT_FOUND`, `ARCHIVE_UNSAFE`, `ARCHIVE_INVALID`.
 */
export async function openModuleFile(file: string, shown: string, ctx: Context): Promise<ModuleFile> {
  await using archive = await open(file, shown, ctx);
  if (archive.entries.has('oci-layout') || archive.entries.has('index.json'))
    return { kind: 'image', location: { kind: 'oci-archive', file } };
  const tops = [...archive.entries.keys()].flatMap((name) => {
    const match = DESCRIPTORS.exec(name);
    return match === null ? [] : [match[1] ?? ''];
  });
  const top = tops.includes('') ? '' : tops[0];
  if (top === undefined || (top !== '' && new Set(tops).size > 1))
    throw new SlipwayError('FILE_INVALID', `${shown} holds no buildpack and no extension`, {
      hint: 'it has to be a .cnb file, or a tar with buildpack.toml or extension.toml on top',
    });
  return { kind: 'directory', directory: join(await unpack(archive, shown, ctx), top) };
}

async function unpack(archive: ArchiveFile, shown: string, ctx: Context): Promise<string> {
  const real = await mkdtemp(join(ctx.tmp, 'module-'));
  // Buildpacks may be another user.
  await chmod(real, 0o755);
  await extractInto({ bytes: archive.readAll(ctx.signal), subject: shown }, real, ctx);
  return real;
}

async function open(file: string, shown: string, ctx: Context): Promise<ArchiveFile> {
  try {
    return await openArchiveFile(file, ctx, { shown });
  } catch (error) {
    if (hasCode(error, 'IMAGE_NOT_FOUND'))
      throw new SlipwayError('FILE_NOT_FOUND', `there is no file ${shown}`, { cause: error });
    if (!hasCode(error, 'STORE_INVALID')) throw error;
    throw new SlipwayError('FILE_INVALID', error.message, { cause: error });
  }
}
