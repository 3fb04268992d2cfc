import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Platform } from '../../src/oci/platform.ts';
import { lifecycleBed, putRunImage, type BedOptions, type LifecycleBed } from './lifecycle-bed.ts';
import { slipway, type ProgramResult } from './program.ts';
import { writeBuildpacks, type SampleBuildpack } from './sample-buildpacks.ts';

/** Where a failure is brought about with the real program: app, buildpacks, a run image in a layout, and a registry. */
export interface MessageBed extends LifecycleBed {
  /** The run image `base/run:1`, without going through the registry's door. */
  readonly runImage: string;
  readonly slipway: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<ProgramResult>;
  /** `slipway build shop`, with these options after the usual ones. */
  readonly build: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<ProgramResult>;
  /** Other buildpacks than the bed began with. */
  readonly setBuildpacks: (buildpacks: readonly SampleBuildpack[]) => void;
  /** Names for what differs from run to run. */
  readonly plain: (text: string) => string;
}

export async function messageBed(
  test: TestContext,
  options: BedOptions & { readonly platform?: Platform } = {},
): Promise<MessageBed> {
  const bed = await lifecycleBed(test, options);
  await putRunImage(bed, options.platform);
  const runImage = 'oci:registry:base/run:1';
  const run: MessageBed['slipway'] = (args, env = {}) =>
    slipway(args, { cwd: bed.directory, env: { HOME: bed.directory, ...env } });
  return {
    ...bed,
    runImage,
    slipway: run,
    build: (args, env) =>
      run(
        [
          ...['build', 'shop', '--path', 'app', '--buildpacks', 'bps', '--order', 'order.toml'],
          ...['--launcher', './launcher', '--sandbox', 'host'],
          ...(args.includes('--run-image') ? [] : ['--run-image', runImage]),
          ...(args.includes('--output') ? [] : ['--output', 'oci:out:shop']),
          ...args,
        ],
        env,
      ),
    setBuildpacks: (buildpacks) => {
      rmSync(join(bed.directory, 'bps'), { recursive: true });
      mkdirSync(join(bed.directory, 'bps'));
      writeBuildpacks(join(bed.directory, 'bps'), buildpacks);
    },
    plain: (text) =>
      text
        .replaceAll(bed.directory, 'DIR')
        .replaceAll(bed.registry, 'REGISTRY')
        .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST'),
  };
}
