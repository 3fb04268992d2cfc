import { join } from 'node:path';
import type { LifecycleMetadata } from '../../cnb/layer-metadata.ts';
import type { LaunchProcess } from '../../cnb/process.ts';
import { SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { LayerEntry } from '../../layer/layer-source.ts';
import type { Place } from '../../layer/place.ts';
import type { LayerRequest, MadeFromFiles } from './layer-request.ts';

/** Layers that the lifecycle itself makes. */
export const LAYER_IDS = {
  launchSbom: 'buildpacksio/lifecycle:launch.sbom',
  cacheSbom: 'buildpacksio/lifecycle:cache.sbom',
  launcher: 'buildpacksio/lifecycle:launcher',
  config: 'buildpacksio/lifecycle:config',
  processTypes: 'buildpacksio/lifecycle:process-types',
} as const;

const LAUNCHER_PATH = '/cnb/lifecycle/launcher';
const ROOT = { uid: 0, gid: 0 } as const;

/** The SBOM files of one scope, `launch` or `cache`; undefined when the build left none. */
export async function sbomOrigin(
  layers: Place,
  scope: 'launch' | 'cache',
  shas: Pick<MadeFromFiles, 'previousShas' | 'cachedSha'>,
): Promise<MadeFromFiles | undefined> {
  if ((await pathKind(join(layers.real, 'sbom', scope))) !== 'directory') return undefined;
  return { kind: 'make', source: { kind: 'dir', place: layers, path: `${layers.logical}/sbom/${scope}` }, ...shas };
}

export function launcherLayer(bytes: Uint8Array, previous: LifecycleMetadata | undefined): LayerRequest {
  const entries: readonly LayerEntry[] = [
    directory('/cnb'),
    directory('/cnb/lifecycle'),
    { kind: 'file', path: LAUNCHER_PATH, mode: 0o755, ...ROOT, bytes },
  ];
  return {
    id: LAYER_IDS.launcher,
    createdBy: 'Buildpacks Application Launcher',
    from: { kind: 'make', source: { kind: 'entries', entries }, previousShas: known(previous?.launcher) },
  };
}

export function configLayer(layers: Place, previous: LifecycleMetadata | undefined): LayerRequest {
  return {
    id: LAYER_IDS.config,
    createdBy: 'Buildpacks Launcher Config',
    from: {
      kind: 'make',
      source: { kind: 'dir', place: layers, path: `${layers.logical}/config` },
      previousShas: known(previous?.config),
    },
  };
}

/** A link to the launcher for each process (contract §14.3). Throws `PROCESS_INVALID` for a type that cannot be a file name. */
export function processTypesLayer(
  processes: readonly LaunchProcess[],
  previous: LifecycleMetadata | undefined,
): LayerRequest {
  const entries: readonly LayerEntry[] = [
    directory('/cnb'),
    directory('/cnb/process'),
    ...processes.map(({ type }): LayerEntry => {
      assertProcessType(type);
      return { kind: 'symlink', path: `/cnb/process/${type}`, target: LAUNCHER_PATH, mode: 0o755, ...ROOT };
    }),
  ];
  return {
    id: LAYER_IDS.processTypes,
    createdBy: 'Buildpacks Process Types',
    from: { kind: 'make', source: { kind: 'entries', entries }, previousShas: known(previous?.processTypes) },
  };
}

/** A recorded sha as a list of candidates: "" means none. */
export function known(sha: string | undefined): readonly string[] {
  return sha === undefined || sha === '' ? [] : [sha];
}

function assertProcessType(type: string): void {
  if (type === '') throw new SlipwayError('PROCESS_INVALID', 'type is required for all processes');
  if (/[/><:|&\\\0]/.test(type) || type === '.' || type === '..') {
    throw new SlipwayError(
      'PROCESS_INVALID',
      `invalid process type '${type}': type may not contain characters '/><:|&\\'`,
    );
  }
}

function directory(path: string): LayerEntry {
  return { kind: 'directory', path, mode: 0o755, ...ROOT };
}
