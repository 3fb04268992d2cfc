import { join } from 'node:path';
import type { ProjectMetadata } from '../../cnb/files/project-metadata.ts';
import { EMPTY_SYSTEM } from '../../cnb/files/system.ts';
import { secretForms, type Secret } from '../../core/secret-forms.ts';
import type { Compression } from '../../layer/compression.ts';
import type { BuildDirs } from '../../phases/build-dirs.ts';
import { readOsRelease } from '../in-place.ts';
import type { RunBuildInput } from '../run-build.ts';
import { runImageMemory } from '../run-image-tools.ts';
import { readBuilderFile, type Builder } from './builder.ts';
import type { CachePlan } from './caches.ts';
import { inheritedEnv } from './inherited-env.ts';
import type { LifecycleImage } from './lifecycle-image.ts';
import type { BuildOptions } from './options.ts';
import { resolveOptional } from './resolve-optional.ts';
import { newestFeatures, registryName } from './sources.ts';

interface BuildSetting {
  readonly dirs: BuildDirs;
  readonly builder: Builder | undefined;
  readonly compression: Compression;
  readonly caches: CachePlan;
  readonly secrets: readonly Secret[];
  /** Whose launcher is taken in the place of the builder's. */
  readonly lifecycle: LifecycleImage | undefined;
  /** What the descriptor says of the project. */
  readonly metadata: ProjectMetadata;
}

export async function fixedInputs(
  options: BuildOptions,
  { dirs, builder, compression, caches, secrets, lifecycle, metadata }: BuildSetting,
): Promise<Omit<RunBuildInput, 'analyze' | 'order'>> {
  const { machine, runImage } = options;
  return {
    dirs,
    generated: { real: join(dirs.layers.real, 'generated'), logical: join(dirs.layers.logical, 'generated') },
    readSystem: () =>
      Promise.resolve(options.disablesSystemBuildpacks === true ? EMPTY_SYSTEM : (builder?.system ?? EMPTY_SYSTEM)),
    // Without a builder there is no run.toml: the name that was given is what a rebase can go by.
    readRunEntries: () =>
      Promise.resolve(builder?.runImages ?? [{ image: options.runImageName ?? runImage ?? '', mirrors: [] }]),
    files: {
      analyzed: join(dirs.layers.real, 'analyzed.toml'),
      group: join(dirs.layers.real, 'group.toml'),
      plan: join(dirs.layers.real, 'plan.toml'),
    },
    settings: {
      launcher: lifecycle === undefined ? (options.launcher ?? 'auto') : 'builder',
      processType: options.defaultProcess,
      projectMetadata: resolveOptional(machine.cwd, options.projectMetadata) ?? metadata,
      report: resolveOptional(machine.cwd, options.report),
      sourceDateEpoch: options.sourceDateEpoch,
      compression,
      isParallel: false,
      launcherSbomDir: undefined,
      execEnv: options.execEnv ?? 'production',
      runImageMemory: runImageMemory({ cacheDir: caches.cacheDir, launchCacheDir: caches.launchDir }),
      features: newestFeatures(),
      names: {},
      secretForms: secretForms(secrets),
      ...(builder === undefined ? {} : { readBuilderFile: (path: string) => readBuilderFile(builder.root, path) }),
      ...(lifecycle === undefined ? {} : { readBuilderFile: lifecycle.readFile }),
    },
    runImageName: options.runImageName ?? (runImage === undefined ? undefined : registryName(runImage)),
    skipRestore: options.clearCache ?? false,
    inheritedEnv: inheritedEnv(options, builder, secrets),
    osRelease: builder === undefined ? await readOsRelease() : builder.osRelease,
    hostArchitecture: machine.architecture,
    network: options.network ?? 'host',
  };
}
