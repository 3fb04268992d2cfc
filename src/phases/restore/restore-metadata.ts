import { join } from 'node:path';
import type { BuildpackRecord, CacheMetadata, LayerRecord } from '../../cnb/layer-metadata.ts';
import { escapeId, type GroupElement } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import type { Place } from '../../layer/place.ts';
import { compareBytes } from '../../oci/go-json.ts';
import { writeLayerFile, writeStore } from '../../workspace/buildpack-files.ts';
import { listItems } from '../../workspace/layers-directory.ts';
import type { RestoreInput } from '../restore.ts';
import { decideForExecEnv, decideFromApp, decideFromCache, type Decision } from './decide.ts';

/** DiffIDs of the layers whose metadata was put back, by `buildpack:layer`. */
export type RestoredShas = ReadonlyMap<string, string>;

/** store.toml of every buildpack of the group that had one (contract §10.1.5): also when layers are not restored. */
export async function restoreStores(input: RestoreInput): Promise<void> {
  for (const buildpack of buildpacksOf(input.group)) {
    const store = recordOf(input.metadata, buildpack)?.store;
    if (store !== undefined) await writeStore(join(input.layers.real, escapeId(buildpack.id), 'store.toml'), store);
  }
}

/**
 * `<layer>.toml` with `[metadata]` only, by the rules of contract §10.2: launch layers from the app image, others from the cache; never
 * one whose contents the build needs and the cache does not have.
 */
export async function restoreLayerMetadata(
  input: RestoreInput,
  cached: CacheMetadata,
  ctx: Context,
): Promise<RestoredShas> {
  debug(ctx, 'Restoring Layer Metadata');
  const shas = new Map<string, string>();
  for (const buildpack of buildpacksOf(input.group)) {
    await logDirectory(input.layers, buildpack, ctx);
    for (const { id, name, record, decision } of decisionsOf(buildpack, input, cached)) {
      ctx.emit({ type: 'log', level: decision.isRestored ? 'info' : 'debug', message: decision.line });
      if (!decision.isRestored) continue;
      debug(ctx, `Writing layer metadata for "${id}"`);
      await writeLayerFile(join(input.layers.real, escapeId(buildpack.id), `${name}.toml`), record.data);
      shas.set(id, record.sha);
    }
  }
  return shas;
}

/** The buildpacks of a group: extensions have no layers. */
export function buildpacksOf(group: readonly GroupElement[]): readonly GroupElement[] {
  return group.filter((element) => element.kind === 'buildpack');
}

/** A buildpack's layers in metadata, by name, in byte order; matched by id only. */
export function layersOf(
  metadata: { readonly buildpacks: readonly BuildpackRecord[] } | undefined,
  buildpack: GroupElement,
): ReadonlyMap<string, LayerRecord> {
  const layers = Object.entries(recordOf(metadata, buildpack)?.layers ?? {});
  return new Map(layers.filter(([name]) => isLayerName(name)).sort(([a], [b]) => compareBytes(a, b)));
}

/** The debug lines about a buildpack's directory. */
export async function logDirectory(place: Place, buildpack: GroupElement, ctx: Context): Promise<void> {
  const name = escapeId(buildpack.id);
  debug(ctx, `Reading buildpack directory: ${place.logical}/${name}`);
  for (const item of await listItems(join(place.real, name))) debug(ctx, `Reading buildpack directory item: ${item}`);
}

interface LayerDecision {
  readonly id: string;
  readonly name: string;
  readonly record: LayerRecord;
  readonly decision: Decision;
}

function decisionsOf(buildpack: GroupElement, input: RestoreInput, cached: CacheMetadata): readonly LayerDecision[] {
  const app = layersOf(input.metadata, buildpack);
  const cache = layersOf(cached, buildpack);
  const { restoresCachedLaunchLayers, hasExecEnv } = input.features;
  const of = (name: string, record: LayerRecord, decide: (id: string) => Decision): LayerDecision => {
    const id = `${buildpack.id}:${name}`;
    const elsewhere = hasExecEnv ? decideForExecEnv(id, record, input.execEnv) : undefined;
    return { id, name, record, decision: elsewhere ?? decide(id) };
  };
  return [
    ...[...app].map(([name, record]) => of(name, record, (id) => decideFromApp(id, record, cache.get(name)))),
    ...[...cache].map(([name, record]) =>
      of(name, record, (id) => decideFromCache(id, record, { isInApp: app.has(name), restoresCachedLaunchLayers })),
    ),
  ];
}

function recordOf(
  metadata: { readonly buildpacks: readonly BuildpackRecord[] } | undefined,
  buildpack: GroupElement,
): BuildpackRecord | undefined {
  return metadata?.buildpacks.find((record) => record.key === buildpack.id);
}

/** Names become paths: one that is no file name comes from metadata that somebody made up. */
function isLayerName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}

function debug(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'debug', message });
}
