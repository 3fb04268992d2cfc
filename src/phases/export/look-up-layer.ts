import { createHash } from 'node:crypto';
import type { Context } from '../../core/context.ts';
import { fromText } from '../../layer/byte-path.ts';
import { fileTimeNs, hasReliableTimes } from '../../layer/file-clock.ts';
import { hashLayer } from '../../layer/hash.ts';
import type { LayerSource } from '../../layer/layer-source.ts';
import { rootOf, selectLayer, type Selector, type TreeSource } from '../../layer/selector.ts';
import type { DiffId } from '../../oci/digest.ts';
import type { IndexedBlob, IndexRecord, LayerIndex } from '../../ports/layer-index.ts';

/** What the index says of a layer. */
export interface LookedUp {
  /** The layer's diffID, without having read it. */
  readonly diffId: DiffId | undefined;
  /** Why the layer is read: since there is no diffID, or since nobody has a blob of it. */
  readonly reason: string;
  /** The diffID that it had, where it may still be the same. */
  readonly candidate: DiffId | undefined;
  /** The diffID that it had, where it is another now. */
  readonly ruledOut: DiffId | undefined;
  /** Blobs of a diffID, as far as the index knows any. */
  readonly blobsOf: (diffId: DiffId) => readonly IndexedBlob[];
  /** Notes what the layer turned out to be. It must have been read after the look-up. */
  readonly remember: (diffId: DiffId, blobs: readonly IndexedBlob[]) => void;
  readonly forget: () => void;
}

/** Of the tar writer, and of the selector. */
const VERSION = 1;

/** A file system may note times no finer than this; what changed so shortly before the walk may change again under the same time. */
const GRANULARITY_NS = 2_000_000_000n;

const NO_BLOB = 'nobody has a blob of it';

/** Blobs of one diffID that are remembered. */
const MAX_BLOBS = 4;

/**
 * Asks the index for a layer by a walk that opens no file (performance.md §7). Why what is accepted can be trusted:
 * docs/decisions/0025-selector-index.md. Throws what the walk throws.
 */
export async function lookUpLayer(
  id: string,
  source: LayerSource,
  index: LayerIndex,
  ctx: Context,
): Promise<LookedUp | undefined> {
  if (source.kind === 'trees') return undefined;
  if (source.kind === 'entries') return ofData(await hashLayer(source, ctx), index);
  const root = rootOf(source);
  if (!hasReliableTimes(root)) return refused('its file system does not number files for good');
  const startNs = fileTimeNs(root, [fromText(ctx.tmp)]);
  if (startNs === undefined) return refused('the time of its file system cannot be asked');
  const selector = await selectLayer(source, ctx);
  const unfit = unfitFor(selector, startNs);
  if (unfit !== undefined) return refused(unfit);
  const key = keyOf(id, source);
  return judged({ key, index, selector, startNs, record: index.read(key) });
}

/** Data is in memory: its diffID is had by hashing, and blobs of it may be known. */
function ofData(diffId: DiffId, index: LayerIndex): LookedUp {
  const key = createHash('sha256').update(`data ${diffId}`).digest('hex');
  const record = index.read(key);
  const seen = { key, index, selector: DATA, startNs: GRANULARITY_NS + 1n };
  return { ...judged({ ...seen, record: record?.diffId === diffId ? record : undefined }), diffId, reason: NO_BLOB };
}

const DATA: Pick<Selector, 'key' | 'shape' | 'newestNs'> = { key: 'data', shape: 'data', newestNs: 0n };

function judged(seen: Seen): LookedUp {
  const { key, index, record, selector, startNs } = seen;
  const isOther = record !== undefined && record.shape !== selector.shape;
  const reason = distrust(seen);
  const blobsOf = (diffId: DiffId): readonly IndexedBlob[] => (record?.diffId === diffId ? record.blobs : []);
  return {
    diffId: reason === undefined ? record?.diffId : undefined,
    reason: reason ?? NO_BLOB,
    candidate: isOther ? undefined : record?.diffId,
    ruledOut: isOther ? record.diffId : undefined,
    blobsOf,
    remember: (diffId, blobs) => {
      index.write(key, {
        scannedNs: startNs,
        newestNs: selector.newestNs,
        selector: selector.key,
        shape: selector.shape,
        diffId,
        blobs: unique([...blobs, ...blobsOf(diffId)]).slice(0, MAX_BLOBS),
      });
    },
    forget: () => index.remove(key),
  };
}

function unique(blobs: readonly IndexedBlob[]): readonly IndexedBlob[] {
  const keyed = blobs.map((blob) => [`${blob.format ?? ''} ${blob.descriptor.digest}`, blob] as const);
  return [...new Map(keyed.reverse()).values()].reverse();
}

interface Seen {
  readonly key: string;
  readonly index: LayerIndex;
  readonly selector: Pick<Selector, 'key' | 'shape' | 'newestNs'>;
  /** By the clock of the file system, before the walk. */
  readonly startNs: bigint;
  readonly record: IndexRecord | undefined;
}

/** Why a tree cannot be in the index at all. */
function unfitFor(selector: Selector, startNs: bigint): string | undefined {
  if (!selector.isOneFileSystem) return 'it lies on several file systems';
  if (selector.hasWholeSeconds) return 'its file system notes times in whole seconds';
  if (selector.hasSockets) return 'it has a socket';
  if (selector.newestNs > startNs) return 'the time of a file lies in the future';
  return undefined;
}

/** Why a record does not speak for what is there. */
function distrust({ record, selector, startNs }: Seen): string | undefined {
  if (record === undefined) return 'it was not seen before';
  if (record.shape !== selector.shape) return 'names, modes, sizes or links changed';
  if (record.selector !== selector.key) return 'times or numbers of its files changed';
  if (record.newestNs + GRANULARITY_NS >= record.scannedNs) return 'files had just been written when it was last seen';
  if (record.scannedNs > startNs) return 'the clock went back since it was last seen';
  return undefined;
}

function refused(reason: string): LookedUp {
  return {
    diffId: undefined,
    reason,
    candidate: undefined,
    ruledOut: undefined,
    blobsOf: () => [],
    remember: () => undefined,
    forget: () => undefined,
  };
}

/** Everything that decides a layer's tar besides what the selector sees. */
function keyOf(id: string, source: TreeSource): string {
  const { logical, owner, parents } = source.place;
  const what = source.kind === 'dir' ? source.path : source.paths === 'all';
  const text = JSON.stringify([VERSION, id, source.kind, what, logical, owner.uid, owner.gid, parents]);
  return createHash('sha256').update(text).digest('hex');
}
