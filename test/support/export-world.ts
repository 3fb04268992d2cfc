import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { decodeLifecycleMetadata, LIFECYCLE_METADATA_LABEL } from '../../src/cnb/labels.ts';
import type { LifecycleMetadata } from '../../src/cnb/layer-metadata.ts';
import { escapeId, type GroupElement } from '../../src/cnb/module.ts';
import type { BuildMetadata } from '../../src/cnb/process.ts';
import { DEFAULT_COMPRESSION, parseCompression } from '../../src/layer/compression.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { parseOutput } from '../../src/options/output.ts';
import {
  exportImage,
  type ExportInput,
  type ExportOutput,
  type ExportPorts,
  type ExportSink,
} from '../../src/phases/export.ts';
import type { Image } from '../../src/ports/image.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';
import { temporaryDirectory, testContext, type TestContextOf } from './context.ts';
import { fixtureImage, RUN_V1 } from './fixture-image.ts';
import { goldenPlaces } from './golden-layers.ts';
import { locatorOf } from './locator.ts';

export const BASE = 'testdata/golden/fixtures/base/run-v1';
export const GROUP: readonly GroupElement[] = [{ kind: 'buildpack', id: 'a/b', version: '1', api: '0.10' }];
export const NO_METADATA: BuildMetadata = { buildpacks: [], extensions: [], labels: [], processes: [], slices: [] };

/** An export in a temporary directory: an app of one file, a buildpack `a/b` without layers, a locator. */
export interface ExportWorld {
  readonly ctx: TestContextOf;
  readonly input: ExportInput;
  /** Makes a layer of the buildpack, or of another one, with one file. */
  readonly layer: (name: string, types: Readonly<Record<string, boolean>>, of?: LayerText) => void;
  /** A file below the layers directory. */
  readonly write: (path: string, text: string) => void;
  /** `LOCATION`, or `LOCATION;compression=…`. */
  readonly export: (
    locations: readonly string[],
    ports?: Partial<ExportPorts>,
    edits?: Partial<ExportInput>,
  ) => Promise<ExportOutput>;
  readonly find: (location: string, target?: Image['platform']) => Promise<Image>;
  /** The image at a location as the previous one of an export. */
  readonly previous: (location: string) => Promise<NonNullable<ExportInput['previous']>>;
  readonly lines: (level: string) => readonly string[];
}

interface LayerText {
  readonly buildpack?: string;
  readonly text?: string;
}

/** One buildpack without layers, over a recorded run image. */
export function exportInput(places: ReturnType<typeof goldenPlaces>): ExportInput {
  return {
    ...places,
    group: GROUP,
    metadata: NO_METADATA,
    runImage: fixtureImage(BASE, RUN_V1, '127.0.0.1:5910/base/run:v1'),
    runImageMetadata: {},
    target: { os: 'linux', arch: 'amd64' },
    previous: undefined,
    launcher: { bytes: Buffer.from('#!/bin/sh\n') },
    processType: undefined,
    projectMetadata: '{}',
    sourceDateEpoch: undefined,
    execEnv: 'production',
    features: platformFeatures('0.15'),
    compression: DEFAULT_COMPRESSION,
  };
}

export async function exportWorld(t: TestContext): Promise<ExportWorld> {
  const ctx = testContext(t);
  const places = goldenPlaces(t);
  await Promise.resolve();
  for (const name of ['a_b', 'config']) mkdirSync(join(places.layers.real, name));
  writeFileSync(join(places.layers.real, 'config/metadata.toml'), 'processes = []\n');
  writeFileSync(join(places.app.real, 'app.txt'), 'app');
  const locator = locatorOf(t);
  const input = exportInput(places);
  const find: ExportWorld['find'] = (location, target) =>
    locator.find(parseLocation(location), 'app image', ctx, target === undefined ? {} : { target });
  return {
    ctx,
    input,
    layer: (name, types, { buildpack = 'a/b', text = `layer ${name}` } = {}) => {
      const directory = join(places.layers.real, escapeId(buildpack), name);
      mkdirSync(directory, { recursive: true });
      chmodSync(directory, 0o755);
      writeFileSync(join(directory, 'file'), text);
      const flags = Object.entries(types).map(([flag, value]) => `${flag} = ${String(value)}\n`);
      writeFileSync(`${directory}.toml`, `[types]\n${flags.join('')}`);
    },
    write: (path, text) => {
      const file = join(places.layers.real, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
    export: async (locations, ports = {}, edits = {}) => {
      const sinks: ExportSink[] = [];
      try {
        for (const { location, compression } of locations.map(parseOutput)) {
          const sink = await locator.openSink(location, ctx);
          const asked = compression === undefined ? undefined : parseCompression(compression);
          sinks.push({ location, sink, names: [undefined], compression: asked });
        }
        const all = {
          sinks,
          cache: undefined,
          launchCache: undefined,
          staging: new BlobDirectory(temporaryDirectory(t)),
          ...ports,
        };
        return await exportImage({ ...input, ...edits }, all, ctx);
      } finally {
        for (const { sink } of sinks) await sink[Symbol.asyncDispose]();
      }
    },
    find,
    previous: async (location) => {
      const image = await find(location);
      return { image, metadata: lifecycleMetadataOf(image) };
    },
    lines: (level) =>
      ctx.events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : [])),
  };
}

/** The label that later builds and rebase stand on. */
export function lifecycleMetadataOf(image: Image): LifecycleMetadata {
  return (
    decodeLifecycleMetadata(image.config.labels[LIFECYCLE_METADATA_LABEL] ?? '') ?? assert.fail('no lifecycle metadata')
  );
}
