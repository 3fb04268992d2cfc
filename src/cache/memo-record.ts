import { readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { hasCode, isSystem, SlipwayError } from '../core/errors.ts';
import { parseDiffId, parseDigest, type Digest, type DiffId } from '../oci/digest.ts';
import { describeIssues, ObjectReader } from '../schema/reader.ts';

/** One of the things that an image was made of, by name; its value is a digest, or a few words. */
export interface MemoPart {
  readonly name: string;
  readonly value: string;
}

/** An image that came of a build, and all that the build began with. An entry without one says nothing. */
export interface MemoRecord {
  readonly key: Digest;
  /** What the image was called when it was built. */
  readonly image: string;
  /** When it was built, as ISO 8601. */
  readonly time: string;
  readonly product: string;
  readonly parts: readonly MemoPart[];
  readonly platform: string;
  /** The manifest, for each compression that was asked for. */
  readonly images: readonly { readonly compression: string; readonly digest: Digest }[];
  readonly layers: readonly MemoLayer[];
  readonly launcher: { readonly kind: string; readonly reason: string };
  /** Locations of stores that had it, the latest first. */
  readonly places: readonly string[];
  /** Whether the SBOM files of the build are kept beside it. */
  readonly hasSboms: boolean;
}

interface MemoLayer {
  readonly id: string;
  readonly diffId: DiffId;
  readonly digest: Digest;
  readonly size: number;
  readonly isBase: boolean;
}

/** What an entry holds. */
export const MEMO_PARTS = { record: 'record.json', sboms: 'sbom', listing: 'source.json.gz' } as const;

/** The record of an entry; undefined where there is none. Throws `FILE_INVALID` for one that is damaged. */
export async function readMemoRecord(entry: string): Promise<MemoRecord | undefined> {
  const file = join(entry, MEMO_PARTS.record);
  try {
    return decodeRecord(JSON.parse(await readFile(file, 'utf8')), file);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (error instanceof SyntaxError) throw damaged(file, 'it is no JSON');
    if (hasCode(error, 'DIGEST_INVALID')) throw damaged(file, error.message);
    throw error;
  }
}

/** The image of an entry's record; undefined where that cannot be read. */
export async function memoSubject(entry: string): Promise<string | undefined> {
  try {
    return (await readMemoRecord(entry))?.image;
  } catch (error) {
    if (hasCode(error, 'FILE_INVALID') || isSystem(error, 'EACCES')) return undefined;
    throw error;
  }
}

/** From now on the entry says this. */
export async function writeMemoRecord(entry: string, record: MemoRecord): Promise<void> {
  const text = `${JSON.stringify({ version: 1, ...record }, undefined, 1)}\n`;
  await writeFileAtomic(join(entry, MEMO_PARTS.record), text, { mode: 0o600 });
}

/** Notes that the entry was used now. */
export async function touchMemo(entry: string, ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  await utimes(join(entry, MEMO_PARTS.record), now, now);
}

/** Throws `DIGEST_INVALID` too. */
function decodeRecord(value: unknown, file: string): MemoRecord {
  const reader = new ObjectReader(value);
  const launcher = reader.object('launcher');
  const record = {
    key: parseDigest(reader.string('key')),
    image: reader.string('image'),
    time: reader.string('time'),
    product: reader.string('product'),
    parts: reader.list('parts', (part) => ({ name: part.string('name'), value: part.string('value') })),
    platform: reader.string('platform'),
    images: reader.list('images', (image) => ({
      compression: image.string('compression'),
      digest: parseDigest(image.string('digest')),
    })),
    layers: reader.list('layers', (layer) => ({
      id: layer.string('id'),
      diffId: parseDiffId(layer.string('diffId')),
      digest: parseDigest(layer.string('digest')),
      size: layer.safeInteger('size'),
      isBase: layer.boolean('isBase'),
    })),
    launcher: { kind: launcher.string('kind'), reason: launcher.string('reason') },
    places: reader.strings('places'),
    hasSboms: reader.boolean('hasSboms'),
  };
  if (reader.safeInteger('version') !== 1) reader.issue('version', 'is not 1');
  if (reader.issues.length > 0) throw damaged(file, describeIssues(reader.issues));
  return record;
}

function damaged(file: string, why: string): SlipwayError {
  return new SlipwayError('FILE_INVALID', `${file} is damaged: ${why}`);
}
