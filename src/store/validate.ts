import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { messageOf, SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { algorithmOf, digester, parseDiffId, type Digest, type DiffId } from '../oci/digest.ts';
import { decodeImageConfig } from '../oci/image-config.ts';
import type { Manifest } from '../oci/manifest.ts';
import { compressionOf, DOCKER_CONFIG, isForeignLayer, OCI_CONFIG } from '../oci/media-types.ts';
import type { ImageSource, Lister } from '../ports/store.ts';
import { MAX_CONFIG_BYTES } from './read-image.ts';
import { readChild, type ReadManifest } from './read-manifest.ts';

export interface Problem {
  /** Which blob or manifest, by name or digest. */
  readonly subject: string;
  readonly problem: string;
}

/**
 * Checks everything that the names of a store reach: each manifest and blob is there with its digest and size, each image has one
 * layer a diffID, each layer unpacks to its diffID. Returns what is wrong, [] for a sound store; throws only when the names cannot be
 * listed or on abort.
 */
export async function validateStore(source: ImageSource & Lister, ctx: Context): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const seen = new Set<Digest>();
  const check = async (subject: string, task: () => Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      ctx.signal.throwIfAborted();
      const facts = error instanceof SlipwayError ? Object.entries(error.details) : [];
      const details = facts.map(([key, value]) => `${key}: ${value}`).join(', ');
      problems.push({ subject, problem: details === '' ? messageOf(error) : `${messageOf(error)} (${details})` });
    }
  };
  const visit = async (descriptor: Descriptor, subject: string): Promise<void> => {
    if (seen.has(descriptor.digest)) return;
    seen.add(descriptor.digest);
    await check(subject, async () => {
      const { decoded }: ReadManifest = await readChild(source, descriptor, subject, ctx);
      if (decoded.kind === 'manifest') return checkImage(decoded);
      for (const child of decoded.manifests) await visit(child, `manifest ${child.digest}`);
    });
  };
  const checkImage = async (manifest: Manifest): Promise<void> => {
    const diffIds = await diffIdsOf(source, manifest, ctx);
    if (diffIds !== undefined && diffIds.length !== manifest.layers.length) {
      const counts = `${String(manifest.layers.length)} layers but ${String(diffIds.length)} diffIDs`;
      problems.push({ subject: `config ${manifest.config.digest}`, problem: `there are ${counts}` });
    }
    for (const [at, layer] of manifest.layers.entries()) {
      if (seen.has(layer.digest)) continue;
      seen.add(layer.digest);
      await check(`layer ${layer.digest}`, () => checkLayer(source, layer, diffIds?.[at], ctx));
    }
  };
  for (const { name, descriptor } of await source.list(ctx))
    await visit(descriptor, name ?? `manifest ${descriptor.digest}`);
  return problems;
}

/** The diffIDs of an image; undefined for an artifact, whose config is only read. */
async function diffIdsOf(
  source: ImageSource,
  manifest: Manifest,
  ctx: Context,
): Promise<readonly DiffId[] | undefined> {
  const subject = `config ${manifest.config.digest}`;
  const bytes = await collect(source.open(manifest.config, ctx), MAX_CONFIG_BYTES, subject);
  const isImage = [OCI_CONFIG, DOCKER_CONFIG].includes(manifest.config.mediaType);
  return isImage ? decodeImageConfig(bytes, subject).diffIds : undefined;
}

async function checkLayer(
  source: ImageSource,
  layer: Descriptor,
  diffId: DiffId | undefined,
  ctx: Context,
): Promise<void> {
  if (isForeignLayer(layer.mediaType) && !(await source.has(layer, ctx))) return;
  const hash = digester(diffId === undefined ? 'sha256' : algorithmOf(diffId));
  const take = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) hash.update(chunk);
  };
  const bytes = source.open(layer, ctx);
  switch (compressionOf(layer.mediaType)) {
    case 'none':
      await take(bytes);
      break;
    case 'gzip':
      await pipeline(Readable.from(bytes, { objectMode: false }), createGunzip(), take, { signal: ctx.signal });
      break;
    case 'zstd':
    case undefined:
      // Only the blob itself can be judged.
      await take(bytes);
      return;
  }
  const actual = hash.digest();
  if (diffId === undefined || parseDiffId(actual) === diffId) return;
  throw new SlipwayError('CONTENT_MISMATCH', 'the layer does not unpack to its diffID', {
    details: { promised: diffId, found: actual },
  });
}
