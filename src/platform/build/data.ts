import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret-forms.ts';
import { isWithinPath } from '../../options/build/path-within.ts';
import type { Mount } from '../../sandbox/sandbox.ts';
import { BINDINGS_DIRECTORY, bindingMounts, type BindingOptions } from './bindings.ts';
import type { CacheOptions } from './caches.ts';
import type { BuildOptions } from './options.ts';
import { openSecretFiles, SECRETS_DIRECTORY } from './secret-files.ts';
import type { SecretOptions } from './secrets.ts';
import { announceVolumes, checkVolumes, openVolumes, type VolumeOptions } from './volumes.ts';

/** What goes into a build and comes out of it besides app, buildpacks and image. Paths may be relative to the working directory. */
export interface DataOptions extends VolumeOptions, BindingOptions, CacheOptions, SecretOptions {
  /** Absolute path of the app in the sandbox and in the image; default `/workspace`. */
  readonly workspace?: string;
  /** Where a copy of `<layers>/sbom` goes, as `<dir>/sbom/{build,cache,launch}/…`. */
  readonly sbomOutputDir?: string;
  /** More names of the image. */
  readonly tags?: readonly string[];
  /** Leave the buildpacks of the builder's system.toml out. */
  readonly disablesSystemBuildpacks?: boolean;
  /** Location of an image whose launcher is put into the image. */
  readonly lifecycleImage?: string;
  /** Options of others that change nothing here, with the reason. */
  readonly notices?: readonly { readonly subject: string; readonly message: string }[];
}

export const DEFAULT_WORKSPACE = '/workspace';

/** What buildpacks see besides, held until the build has ended. */
export interface BuildData extends AsyncDisposable {
  readonly mounts: readonly Mount[];
  /** Directories that belong to the buildpacks' user, where this process is root. */
  readonly named: readonly string[];
  readonly options: BuildOptions;
}

/** Opens what the build is shown of this machine; all that can be wrong with it is said before any work. */
export async function openBuildData(
  options: BuildOptions,
  secrets: readonly Secret[],
  ctx: Context,
): Promise<BuildData> {
  for (const { subject, message } of options.notices ?? []) ctx.emit({ type: 'notice', subject, message });
  const { volumes = [], bindings = [], workspace = DEFAULT_WORKSPACE, machine } = options;
  announceVolumes(volumes, workspace, ctx);
  const bound = await bindingMounts(bindings, machine.cwd);
  const opened = await openVolumes(volumes, machine, ctx);
  if (secrets.length === 0) return { ...opened, options, mounts: [...opened.mounts, ...bound] };
  const files = await openSecretFiles(secrets, machine, ctx);
  const mount = { source: files.directory, target: SECRETS_DIRECTORY, writable: false, isPrivate: true };
  return {
    options,
    mounts: [...opened.mounts, ...bound, mount],
    named: [...opened.named, files.directory, ...files.files],
    [Symbol.asyncDispose]: async () => {
      await files[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** What can be wrong with the options alone. Throws `ARGUMENT_INVALID` (exit 3). */
export function checkData(options: BuildOptions): void {
  const { volumes = [], bindings = [], workspace, sandbox } = options;
  const place = workspace ?? DEFAULT_WORKSPACE;
  checkVolumes(volumes, place);
  for (const { name } of bindings) {
    const target = `${BINDINGS_DIRECTORY}/${name}`;
    if (bindings.filter((binding) => binding.name === name).length > 1)
      throw refused(`there are two --binding ${name}`, 'give each a name of its own');
    if (volumes.some((volume) => isWithinPath(volume.target, target)))
      throw refused(`a volume and a binding are both at ${target}`, 'leave one of them out');
  }
  if (sandbox === 'host') refuseUnmapped(options, 'the host');
}

/**
 * Where nothing is mapped, what has a path of its own in a build cannot have it: for a sandbox that was chosen, too. Throws
 * `ARGUMENT_INVALID` (exit 3).
 */
export function refuseUnmapped({ volumes = [], secrets = [], workspace }: BuildOptions, where: string): void {
  const asked = { volume: volumes.length > 0, secret: secrets.length > 0, workspace: workspace !== undefined };
  const flag = Object.entries(asked).find(([, isAsked]) => isAsked)?.[0];
  if (flag === undefined) return;
  throw refused(
    `--${flag} needs a sandbox that gives directories other paths`,
    `buildpacks run on ${where} as it is: leave --${flag} out, or use --sandbox bubblewrap`,
  );
}

function refused(message: string, hint: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', message, { exit: 3, hint });
}

/** Paths of this build's own that may lie in the app and are no part of it. */
export function ownDataPaths(options: BuildOptions): readonly (string | undefined)[] {
  const { cacheDir, launchCacheDir, sbomOutputDir, caches = [] } = options;
  const places = caches.map(({ place }) => (place.kind === 'folder' ? place.path : undefined));
  return [cacheDir, launchCacheDir, sbomOutputDir, ...places];
}
