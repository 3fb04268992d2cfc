import type { TomlTable } from './toml-value.ts';

/** `[types]` of `<layer>.toml`. */
export interface LayerTypes {
  readonly launch: boolean;
  readonly build: boolean;
  readonly cache: boolean;
}

/** `<layer>.toml` (contract §5.16). */
export interface LayerFile {
  readonly types: LayerTypes;
  /** Undefined when the file has no `[metadata]`. */
  readonly metadata?: TomlTable;
}

/** A layer in the labels and in the cache metadata: `sha` is its diffID. */
export interface LayerRecord extends LayerTypes {
  readonly sha: string;
  /** The `[metadata]` of the layer, `null` when none. */
  readonly data: TomlTable | null;
}

export interface BuildpackRecord {
  readonly key: string;
  readonly version: string;
  readonly layers: Readonly<Record<string, LayerRecord>>;
  /** `[metadata]` of store.toml: `null` when the file had none, absent when there was no file. */
  readonly store?: TomlTable | null;
}

/** Label `io.buildpacks.lifecycle.metadata` (contract §6.1). All shas are diffIDs. */
export interface LifecycleMetadata {
  readonly app: readonly string[];
  readonly sbom?: string;
  readonly buildpacks: readonly BuildpackRecord[];
  readonly config: string;
  readonly launcher: string;
  readonly processTypes: string;
  readonly runImage: {
    readonly topLayer: string;
    readonly reference: string;
    readonly image?: string;
    readonly mirrors?: readonly string[];
  };
  /** Absent when the label had none. */
  readonly stack?: { readonly image?: string; readonly mirrors?: readonly string[] };
}

/** Cache metadata (contract §10.3). */
export interface CacheMetadata {
  readonly sbom: string;
  readonly buildpacks: readonly BuildpackRecord[];
}

export const EMPTY_LIFECYCLE_METADATA: LifecycleMetadata = {
  app: [],
  buildpacks: [],
  config: '',
  launcher: '',
  processTypes: '',
  runImage: { topLayer: '', reference: '' },
};
