import { rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { uniqueSuffix, writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { removeLeftovers } from '../../core/leftovers.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { parseReference } from '../../oci/reference.ts';
import type { Attacher, CommitResult, ImageSink, StagingSink } from '../../ports/store.ts';
import { BlobDirectory } from '../blob-directory.ts';
import { BlobTally } from '../blob-tally.ts';
import { engineNameOf, IMAGE_NAME, REF_NAME, repositoryOfName, REPOSITORY } from '../image-names.ts';
import { archiveParts, encodeTopIndex, type ArchivePart } from './archive-parts.ts';
import { writeArchive } from './write-archive.ts';

export interface ArchiveSinkOptions {
  /** `docker`: the OCI layout and `manifest.json` over the same blobs, which every engine loads. */
  readonly format: 'oci' | 'docker';
  /** Fully qualified names (`docker.io/library/app:1`), for RepoTags and `io.containerd.image.name`. */
  readonly names: readonly string[];
  /** `org.opencontainers.image.ref.name` of the first. */
  readonly refName: string;
}

/**
 * Writes an archive as a whole: blobs are kept in `ctx.tmp`, `commit` writes the tar beside the file and renames it, so that the old
 * archive is readable until then. The same images give the same bytes. Throws `WRITE_FAILED` or `DISK_FULL`.
 */
export async function openArchiveSink(
  file: string,
  ctx: Context,
  options: ArchiveSinkOptions,
): Promise<ImageSink & StagingSink> {
  await prepare(file);
  await removeLeftovers(dirname(file), ctx);
  const target: ArchiveTarget = {
    description: `${options.format}-archive:${basename(file)}`,
    write: (parts, inner) => writeArchive(file, parts, inner),
  };
  return openTargetSink(target, ctx, options);
}

/** Where the tar of an archive goes. */
export interface ArchiveTarget {
  readonly description: string;
  /** Writes the tar of these files and returns its size in bytes; called once at most, by `commit`. */
  readonly write: (parts: readonly ArchivePart[], ctx: Context) => Promise<number>;
}

/** The sink of any place for an archive: blobs are kept in `ctx.tmp` until `commit`, and the target sees nothing before. */
export function openTargetSink(
  target: ArchiveTarget,
  ctx: Context,
  options: ArchiveSinkOptions,
): ImageSink & StagingSink & Attacher {
  const spool = join(ctx.tmp, `archive.${uniqueSuffix()}`);
  const blobs = new BlobDirectory(spool, { isTransient: true });
  const tally = new BlobTally(blobs);
  const entries = new Map<string, Descriptor>();
  return {
    description: target.description,
    has: (descriptor) => blobs.has(descriptor),
    put: (blob, inner) => tally.put(blob, inner),
    putManifest: (manifest, inner) => tally.putManifest(manifest, inner),
    staging: tally.staging,
    tag: (name, descriptor) => {
      for (const annotations of name === undefined ? ownNames(options) : [otherName(name)])
        entries.set(JSON.stringify(annotations), {
          ...descriptor,
          annotations: { ...descriptor.annotations, ...annotations },
        });
    },
    attach: (descriptor) => {
      const [name = options.refName] = options.names;
      const annotations = { ...descriptor.annotations, [REPOSITORY]: repositoryOfName(name) ?? name };
      entries.set(descriptor.digest, { ...descriptor, annotations });
    },
    commit: async (inner): Promise<CommitResult> => {
      const index = encodeTopIndex([...entries.values()]);
      await makeDirectory(spool);
      await writeFile(join(spool, 'index.json'), index);
      const parts = await archiveParts({ spool, index, entries: [...entries.values()], format: options.format }, inner);
      const bytes = await target.write(parts, inner);
      return { blobsWritten: tally.total, blobsTotal: tally.total, bytes };
    },
    [Symbol.asyncDispose]: () => rm(spool, { recursive: true, force: true }),
  };
}

type Annotations = Readonly<Record<string, string>>;

function ownNames(options: ArchiveSinkOptions): readonly Annotations[] {
  const [first, ...others] = options.names;
  if (first === undefined) return [{ [REF_NAME]: options.refName }];
  return [{ [IMAGE_NAME]: first, [REF_NAME]: options.refName }, ...others.map(otherName)];
}

function otherName(name: string): Annotations {
  const full = engineNameOf(name);
  return full === undefined
    ? { [REF_NAME]: name }
    : { [IMAGE_NAME]: full, [REF_NAME]: parseReference(full).tag ?? name };
}

async function prepare(file: string): Promise<void> {
  try {
    await makeDirectory(dirname(file));
    if ((await stat(file)).isDirectory()) {
      throw new SlipwayError('WRITE_FAILED', `cannot write the archive ${file}: it is a directory`, {
        hint: 'name a file, or write an OCI layout directory with oci:DIR',
      });
    }
  } catch (error) {
    if (!isSystem(error, 'ENOENT')) throw writeError(file, error);
  }
}
