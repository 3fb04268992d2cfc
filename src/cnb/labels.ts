import type { Product } from '../core/context.ts';
import { compareBytes, goJson } from '../oci/go-json.ts';
import { bomJson } from './bom.ts';
import type { PlatformFeatures } from './features.ts';
import { TomlReader } from './files/decode.ts';
import { JSON_NAMES, readBuildpacks, readLifecycleMetadata, shaOf } from './files/lifecycle-metadata.ts';
import type { BuildpackRecord, CacheMetadata, LayerRecord, LifecycleMetadata } from './layer-metadata.ts';
import { withStringCommand, type BuildMetadata, type LaunchProcess } from './process.ts';
import { jsonToToml, tomlToJson } from './toml-json.ts';
import { isTomlTable } from './toml-value.ts';

export const LIFECYCLE_METADATA_LABEL = 'io.buildpacks.lifecycle.metadata' as const;
export const BUILD_METADATA_LABEL = 'io.buildpacks.build.metadata' as const;
export const PROJECT_METADATA_LABEL = 'io.buildpacks.project.metadata' as const;
export const EXEC_ENV_LABEL = 'io.buildpacks.exec-env' as const;
export const CACHE_METADATA_LABEL = 'io.buildpacks.lifecycle.cache.metadata' as const;

/** JSON of `io.buildpacks.lifecycle.metadata` (contract §6.1), byte-exact. */
export function lifecycleMetadataLabel(metadata: LifecycleMetadata): string {
  const { runImage, stack } = metadata;
  return goJson({
    app: metadata.app.length === 0 ? null : metadata.app.map((sha) => ({ sha })),
    sbom: metadata.sbom === undefined ? undefined : { sha: metadata.sbom },
    buildpacks: buildpacksJson(metadata.buildpacks),
    config: { sha: metadata.config },
    launcher: { sha: metadata.launcher },
    'process-types': { sha: metadata.processTypes },
    runImage: { topLayer: runImage.topLayer, reference: runImage.reference, ...imageAndMirrors(runImage) },
    stack: stack === undefined ? undefined : { runImage: imageAndMirrors(stack) },
  });
}

/** The label's data; undefined when it is not what the contract describes (then there is nothing to reuse). */
export function decodeLifecycleMetadata(text: string): LifecycleMetadata | undefined {
  return decodeJson(parseJson(text), (reader) => readLifecycleMetadata(reader, JSON_NAMES));
}

/** JSON of `io.buildpacks.build.metadata` (contract §6.2), byte-exact. */
export function buildMetadataLabel(metadata: BuildMetadata, product: Product, features: PlatformFeatures): string {
  const { version, repository, commit } = product;
  return goJson({
    bom: features.hasBomTables ? bomJson(metadata.bom ?? []) : undefined,
    buildpacks: metadata.buildpacks.length === 0 ? null : metadata.buildpacks.map(moduleJson),
    extensions: metadata.extensions.length === 0 ? undefined : metadata.extensions.map(moduleJson),
    launcher: { version, source: { git: { repository, commit } } },
    processes: metadata.processes.map(features.hasStringCommands ? stringProcessJson : processJson),
    'buildpack-default-process-type': orUndefined(metadata.defaultProcessType),
  });
}

/** JSON of the cache metadata (contract §10.3) without a newline. */
export function cacheMetadataJson(metadata: CacheMetadata): string {
  return goJson({ sbom: { sha: metadata.sbom }, buildpacks: buildpacksJson(metadata.buildpacks) });
}

/** The cache metadata in parsed JSON; undefined when it is not. */
export function decodeCacheMetadata(value: unknown): CacheMetadata | undefined {
  return decodeJson(value, (reader) => ({
    sbom: shaOf(reader, 'sbom'),
    buildpacks: readBuildpacks(reader, JSON_NAMES),
  }));
}

/** Reads parsed JSON with the codecs of the TOML files; undefined at the first thing that does not fit. */
function decodeJson<T>(value: unknown, read: (reader: TomlReader) => T): T | undefined {
  const table = jsonToToml(value);
  if (!isTomlTable(table)) return undefined;
  const reader = new TomlReader(table);
  const decoded = read(reader);
  return reader.fields.issues.length === 0 ? decoded : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function buildpacksJson(buildpacks: readonly BuildpackRecord[]): unknown {
  if (buildpacks.length === 0) return null;
  return buildpacks.map(({ key, version, layers, store }) => ({
    key,
    version,
    layers: layersJson(layers),
    store: store === undefined ? undefined : { metadata: tomlToJson(store) },
  }));
}

function layersJson(layers: Readonly<Record<string, LayerRecord>>): ReadonlyMap<string, unknown> {
  const names = Object.entries(layers).sort(([a], [b]) => compareBytes(a, b));
  return new Map(
    names.map(([name, layer]) => [
      name,
      {
        sha: layer.sha,
        data: tomlToJson(layer.data),
        build: layer.build,
        launch: layer.launch,
        cache: layer.cache,
      },
    ]),
  );
}

function moduleJson(module: BuildMetadata['buildpacks'][number]): unknown {
  return { id: module.id, version: module.version, homepage: orUndefined(module.homepage) };
}

function processJson(process: LaunchProcess): object {
  return {
    type: process.type,
    command: process.command,
    args: process.args ?? null,
    direct: process.direct,
    buildpackID: process.buildpackId,
    'working-dir': orUndefined(process.workingDir),
    'exec-env': process.execEnv === undefined || process.execEnv.length === 0 ? undefined : process.execEnv,
  };
}

function stringProcessJson(process: LaunchProcess): unknown {
  const whole = withStringCommand(process);
  return { ...processJson(whole), command: whole.command[0] ?? '' };
}

function imageAndMirrors(run: { readonly image?: string; readonly mirrors?: readonly string[] }): object {
  return {
    image: orUndefined(run.image),
    mirrors: run.mirrors === undefined || run.mirrors.length === 0 ? undefined : run.mirrors,
  };
}

function orUndefined(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
