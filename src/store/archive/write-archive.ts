import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { uniqueSuffix, writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { encodeHeader, END_OF_ARCHIVE } from '../../tar/header.ts';
import type { ArchivePart } from './archive-parts.ts';

const BLOCK = 512;
const NOTHING = new Uint8Array(0);

/**
 * The bytes of a tar of these files: the same files give the same bytes (modes 0644 and 0755, no owner, the time of layers). Directories
 * come before what is in them: where one is missing, skopeo makes it and gives it to root, which an ordinary user may not.
 */
export async function* encodeArchive(
  parts: readonly ArchivePart[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const made = new Set<string>();
  for (const part of parts) {
    for (const directory of parentsOf(part.name)) {
      if (made.has(directory)) continue;
      made.add(directory);
      const name = Buffer.from(directory);
      yield encodeHeader({ name, type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, linkname: NOTHING });
    }
    const name = Buffer.from(part.name);
    yield encodeHeader({ name, type: 'file', mode: 0o644, uid: 0, gid: 0, size: part.size, linkname: NOTHING });
    yield* part.open(signal);
    const padding = (BLOCK - (part.size % BLOCK)) % BLOCK;
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield END_OF_ARCHIVE;
}

/** `blobs/sha256/…` → `blobs`, `blobs/sha256`. */
function parentsOf(name: string): readonly string[] {
  const steps = name.split('/').slice(0, -1);
  return steps.map((_, index) => steps.slice(0, index + 1).join('/'));
}

/** Writes the tar beside the file and renames it. Returns its size in bytes. Throws `WRITE_FAILED` or `DISK_FULL`. */
export async function writeArchive(file: string, parts: readonly ArchivePart[], ctx: Context): Promise<number> {
  const temporary = join(dirname(file), `.${basename(file)}.${uniqueSuffix()}`);
  try {
    const size = await writeTo(temporary, parts, ctx);
    await rename(temporary, file);
    return size;
  } catch (error) {
    await rm(temporary, { force: true });
    throw ctx.signal.aborted ? error : writeError(file, error);
  }
}

async function writeTo(path: string, parts: readonly ArchivePart[], ctx: Context): Promise<number> {
  await using handle = await open(path, 'wx', 0o644);
  let size = 0;
  for await (const chunk of encodeArchive(parts, ctx.signal)) {
    await writeWhole(handle, chunk);
    size += chunk.byteLength;
  }
  await handle.sync();
  return size;
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength;) offset += (await handle.write(bytes, offset)).bytesWritten;
}
