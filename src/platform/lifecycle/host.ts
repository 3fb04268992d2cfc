import { join } from 'node:path';
import { openFolderLayerStore } from '../../cache/layer-store.ts';
import { checkPlatformApi } from '../../cnb/deprecations.ts';
import type { Context } from '../../core/context.ts';
import type { LogLevel } from '../../core/events.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Keychain } from '../../keychain/keychain.ts';
import type { Locator } from '../../locate/locator.ts';
import type { Location } from '../../oci/location.ts';
import type { Reference } from '../../oci/reference.ts';
import type { CacheInputs } from '../../options/cache-image.ts';
import type { CommonInputs } from '../../options/common-inputs.ts';
import { parseGoBoolean } from '../../options/go-values.ts';
import type { ExporterInputs } from '../../options/phase-inputs.ts';
import type { LayerStore } from '../../ports/layer-cache.ts';
import type { LayerIndex } from '../../ports/layer-index.ts';
import type { Machine } from '../machine.ts';
import { lastingCacheRoot } from '../cache-root.ts';
import { chooseCache, type OpenCache } from '../open-cache.ts';
import { INDEX_FOLDER, indexPath, openIndex } from '../open-index.ts';
import { ensurePrivileges } from '../privileges.ts';
import { stage } from '../stage.ts';
import { openStores } from '../stores.ts';

/** What a program of the lifecycle runs on. */
export interface Host {
  readonly machine: Machine;
  readonly keychain: Keychain;
  /** Registry name → base URL, for comparisons with recorded runs. */
  readonly addresses?: ReadonlyMap<string, string>;
}

/** Checks the Platform API, emits the warnings about the inputs and guards experimental features (contract §1.3). */
export function announce(inputs: CommonInputs, host: Host, ctx: Context): void {
  const log = (level: LogLevel, message: string): void => ctx.emit({ type: 'log', level, message });
  checkPlatformApi(inputs.features.api, inputs.deprecations, log);
  for (const message of inputs.warnings) log('warn', message);
  if (inputs.names.layoutDir === undefined) return;
  const hint = 'set CNB_EXPERIMENTAL_MODE=warn, or name the layout itself: oci:DIR[:NAME]';
  guardExperimental({ feature: 'export to OCI layout format', hint }, host, ctx);
}

/** CNB_EXPERIMENTAL_MODE: `quiet` goes on, `error` and unset throw `FEATURE_EXPERIMENTAL` (exit 1), everything else warns. */
export function guardExperimental(
  request: { readonly feature: string; readonly hint: string },
  host: Host,
  ctx: Context,
): void {
  const message = `Platform requested experimental feature '${request.feature}'`;
  const mode = host.machine.env['CNB_EXPERIMENTAL_MODE'] ?? '';
  if (mode === '' || mode === 'error') {
    ctx.emit({ type: 'log', level: 'error', message });
    throw new SlipwayError(
      'FEATURE_EXPERIMENTAL',
      'experimental features are disabled by CNB_EXPERIMENTAL_MODE=error',
      { hint: request.hint },
    );
  }
  if (mode !== 'quiet') ctx.emit({ type: 'log', level: 'warn', message });
}

/** What a program needs made ready before its work. */
export interface Preparation {
  /** To be given to the user that it becomes. */
  readonly directories: readonly (string | undefined)[];
  /** What it will read and write, as far as that is known. */
  readonly images: readonly (Location | undefined)[];
}

/** The log lines and the work between inputs and command (contract §1.2, steps 9 and 10). What only root may read of credentials is looked up first. */
export async function prepare(wanted: Preparation, inputs: CommonInputs, host: Host, ctx: Context): Promise<void> {
  ctx.emit({ type: 'log', level: 'debug', message: 'Ensuring privileges...' });
  if (host.machine.uid === 0) await host.keychain.prefetch(repositoriesOf(wanted.images), ctx);
  await ensurePrivileges(wanted.directories, inputs.owner, host.machine);
  const { uid, gid } = inputs.owner;
  if (host.machine.uid !== 0 && host.machine.uid !== uid) {
    const message = `Running as user ${String(host.machine.uid)}; files of the image will belong to ${String(uid)}:${String(gid)}, which needs no privilege`;
    ctx.emit({ type: 'log', level: 'debug', message });
  }
  ctx.emit({ type: 'log', level: 'debug', message: 'Executing command...' });
}

function repositoriesOf(images: readonly (Location | undefined)[]): readonly Reference[] {
  return images.flatMap((image) => (image?.kind === 'registry' ? [image.reference] : []));
}

export function openHostStores(inputs: CommonInputs, host: Host, ctx: Context): Locator {
  return openStores(host.machine, ctx.product, {
    insecure: inputs.insecure,
    keychain: host.keychain,
    // The Go lifecycle knows no settings of pack's.
    mirrors: () => new Map(),
    offline: parseGoBoolean(host.machine.env['SLIPWAY_OFFLINE'] ?? '') ?? false,
    ...(host.addresses === undefined ? {} : { addresses: host.addresses }),
  });
}

/** The build cache that was asked for; a folder is opened at once. */
export function openCaches(inputs: CommonInputs & CacheInputs, stores: Locator, ctx: Context): Promise<OpenCache> {
  const { cacheDir, cacheImage } = inputs;
  const execEnv = inputs.features.hasExecEnv ? inputs.execEnv : undefined;
  return stage('create volume cache', 1, () => chooseCache({ cacheDir, cacheImage, execEnv }, stores, ctx));
}

/** What is known of layers that did not change: in a cache that was asked for, else in the user's, if there is a lasting one. */
export function openHostIndex(
  inputs: Pick<ExporterInputs, 'cacheDir' | 'launchCacheDir' | 'index'>,
  { machine }: Host,
  ctx: Context,
): LayerIndex | undefined {
  const cache = inputs.cacheDir ?? inputs.launchCacheDir;
  if (cache !== undefined) return openIndex(join(cache, INDEX_FOLDER), inputs.index, ctx);
  const root = lastingCacheRoot(machine);
  return openIndex(root === undefined ? undefined : indexPath(root, 'lifecycle'), inputs.index, ctx);
}

/** The launch cache, if one was asked for. */
export async function openLaunchCache(directory: string | undefined, ctx: Context): Promise<LayerStore | undefined> {
  return directory === undefined ? undefined : openFolderLayerStore(directory, ctx);
}
