import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { platformFeatures } from '../../src/cnb/features.ts';
import { cacheMetadataJson } from '../../src/cnb/labels.ts';
import { EMPTY_LIFECYCLE_METADATA, type LayerRecord, type LifecycleMetadata } from '../../src/cnb/layer-metadata.ts';
import type { GroupElement } from '../../src/cnb/module.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import { packLayer } from '../../src/layer/pack.ts';
import type { Place } from '../../src/layer/place.ts';
import { parseDiffId } from '../../src/oci/digest.ts';
import type { RestoreInput } from '../../src/phases/restore.ts';
import type { Layer } from '../../src/ports/blob.ts';
import type { BuildCache } from '../../src/ports/layer-cache.ts';
import { temporaryDirectory, testContext, type TestContextOf } from './context.ts';
import { goldenPlaces } from './golden-layers.ts';

const GROUP: readonly GroupElement[] = [{ kind: 'buildpack', id: 'a/b', version: '1', api: '0.10' }];
/** Types of a layer record. */
export const ALL = { launch: true, build: true, cache: true } as const;
export const CACHE_ONLY = { launch: false, build: false, cache: true } as const;
export const LAUNCH_ONLY = { launch: true, build: false, cache: false } as const;

export interface RestoreScene {
  readonly ctx: TestContextOf;
  readonly layers: Place;
  readonly cache: BuildCache;
  readonly directory: string;
}

/** A cache with one layer for each name (a file with the name, and a link to it), and an empty layers directory. */
export async function restoreScene(
  t: TestContext,
  types: Readonly<Record<string, Omit<LayerRecord, 'sha' | 'data'>>>,
): Promise<RestoreScene> {
  const ctx = testContext(t);
  const directory = temporaryDirectory(t);
  const { layers: source } = goldenPlaces(t);
  const records: Record<string, LayerRecord> = {};
  const writer = await openFolderCache(directory, ctx);
  assert.ok(writer.staging);
  for (const [name, flags] of Object.entries(types)) {
    mkdirSync(join(source.real, 'a_b', name), { recursive: true });
    writeFileSync(join(source.real, 'a_b', name, 'file'), name);
    symlinkSync('file', join(source.real, 'a_b', name, 'link'));
    const layerSource = { kind: 'dir', place: source, path: `/layers/a_b/${name}` } as const;
    const packed = await packLayer(layerSource, writer.staging, ctx, {
      compressions: [DEFAULT_COMPRESSION],
      family: 'oci',
    });
    await writer.add(packed.layers[0], ctx);
    records[name] = record(packed.layers[0].diffId, flags);
  }
  await writer.commit(
    cacheMetadataJson({ sbom: '', buildpacks: [{ key: 'a/b', version: '1', layers: records }] }),
    ctx,
  );
  return { ctx, layers: goldenPlaces(t).layers, cache: await openFolderCache(directory, ctx), directory };
}

/** The same blobs under other metadata. */
export function cacheWith(cache: BuildCache, metadata: string): BuildCache {
  return {
    description: cache.description,
    metadata: JSON.parse(metadata) as unknown,
    find: (diffId, ctx) => cache.find(diffId, ctx),
    add: (layer, ctx) => cache.add(layer, ctx),
    commit: (json, ctx) => cache.commit(json, ctx),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

export function shaOf(cache: BuildCache, name: string): Layer['diffId'] {
  const found = new RegExp(`"${name}":{"sha":"(sha256:[0-9a-f]{64})"`).exec(JSON.stringify(cache.metadata))?.[1];
  return parseDiffId(found ?? '');
}

export function inputOf(layers: Place, metadata: LifecycleMetadata): RestoreInput {
  return {
    layers,
    group: GROUP,
    metadata,
    features: platformFeatures('0.15'),
    skipLayers: false,
    execEnv: 'production',
  };
}

export function record(sha256: string, types: Omit<LayerRecord, 'sha' | 'data'>): LayerRecord {
  return { sha: sha256, data: null, ...types };
}

export function metadataOf(layers: Readonly<Record<string, LayerRecord>>): LifecycleMetadata {
  return { ...EMPTY_LIFECYCLE_METADATA, buildpacks: [{ key: 'a/b', version: '0', layers }] };
}

export function lines(ctx: TestContextOf, level: string): readonly string[] {
  return ctx.events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));
}
