import type { Context } from '../../core/context.ts';
import { DEFAULT_COMPRESSION, formatCompression, type Compression } from '../../layer/compression.ts';
import type { PackOptions } from '../../layer/pack.ts';
import type { Layer } from '../../ports/blob.ts';
import { canStage, type BlobStaging } from '../../ports/store.ts';
import { BlobDirectory } from '../../store/blob-directory.ts';
import type { ExportInput, ExportPorts, ExportSink } from '../export.ts';
import type { MadeLayer } from './layer-request.ts';

/** An image as some of the outputs get it: the same layers and config as the others', in a compression of its own. */
export interface Variant {
  readonly compression: Compression;
  /** Where its new blobs are kept until the sinks have them. */
  readonly staging: BlobStaging;
  readonly outputs: readonly ExportSink[];
}

type Some<T> = readonly [T, ...T[]];

/**
 * One variant a distinct compression, the first output's first. Blobs of the first one go to `ports.staging`, the others' straight into
 * an output of theirs that is a directory of blobs, else into `ctx.tmp`.
 */
export function variantsOf(
  { compression: usual }: Pick<ExportInput, 'compression'>,
  { sinks, staging }: Pick<ExportPorts, 'sinks' | 'staging'>,
  ctx: Context,
): Some<Variant> {
  const groups = new Map<string, ExportSink[]>();
  const asked = new Map<string, Compression>();
  for (const output of sinks) {
    const compression = output.compression ?? usual;
    const key = formatCompression(compression);
    if (!asked.has(key)) asked.set(key, compression);
    groups.set(key, [...(groups.get(key) ?? []), output]);
  }
  const [first, ...others] = [...asked].map(([key, compression]) => ({ compression, outputs: groups.get(key) ?? [] }));
  if (first === undefined) return [{ compression: usual, staging, outputs: [] }];
  return [{ ...first, staging }, ...others.map((other) => ({ ...other, staging: ownStaging(other.outputs, ctx) }))];
}

/** What `packLayer` is told for these variants. */
export function packingOf([first, ...others]: Some<Variant>): Pick<PackOptions, 'compressions' | 'stagings'> {
  return {
    compressions: [first.compression, ...others.map(({ compression }) => compression)],
    stagings: new Map([first, ...others].map(({ compression, staging }) => [compression, staging])),
  };
}

/** A layer as the variant of that index has it. */
export function layerIn({ layer, others }: Pick<MadeLayer, 'layer' | 'others'>, index: number): Layer {
  return others[index - 1] ?? layer;
}

/** A layer that only the cache keeps is compressed in the fastest way that every reader of layers knows. */
export function cacheCompression(compression: Compression): Compression {
  return compression.codec === 'none' ? compression : DEFAULT_COMPRESSION;
}

function ownStaging(outputs: readonly ExportSink[], ctx: Context): BlobStaging {
  const staged = outputs.map(({ sink }) => sink).find((sink) => canStage(sink));
  return staged?.staging ?? new BlobDirectory(ctx.tmp, { isTransient: true });
}
