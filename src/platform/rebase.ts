import { resolve } from 'node:path';
import { PLATFORM_APIS, platformFeatures } from '../cnb/features.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { BuildOutput, RebasedPlatform } from '../core/events.ts';
import { checkStandardUses } from '../locate/standard.ts';
import { displayLocation, parseLocation } from '../oci/location.ts';
import type { Platform } from '../oci/platform.ts';
import type { NamedLocation } from '../options/names.ts';
import type { OutputRequest } from '../options/output.ts';
import type { RegistryFlags } from '../options/registry-flags.ts';
import { buildOutputs } from './build/options.ts';
import { openConfig } from './config/config.ts';
import { preferredCandidates } from './config/use.ts';
import type { Machine } from './machine.ts';
import { runRebase, type RebaseGuards } from './run-rebase.ts';
import { plainGuard } from './stage.ts';
import { openStores } from './stores.ts';

/** What `slipway rebase` is told. */
export interface RebaseOptions {
  /** The image to rebase. */
  readonly image: NamedLocation;
  /** Location of the new base; default: the run image that the image's label names. */
  readonly runImage?: string;
  /** Name to record for a run image that is no registry image. */
  readonly runImageName?: string;
  /** Where the result goes; none: back to `image`. */
  readonly outputs: readonly OutputRequest[];
  /** One platform of an index; default: all of it. */
  readonly target?: Platform;
  readonly force?: boolean;
  readonly strict?: boolean;
  readonly dryRun?: boolean;
  readonly report?: string;
  /** Seconds since 1970. */
  readonly sourceDateEpoch?: string;
  /** How registries may be reached; default: as the machine's environment and files say. */
  readonly registry?: RegistryFlags;
  readonly machine: Machine;
}

export interface RebaseOutcome {
  readonly image: string;
  /** Of the manifest, or of the index when a whole one was rebased. */
  readonly digest: string;
  readonly platforms: readonly RebasedPlatform[];
  /** Empty in a dry run. */
  readonly outputs: readonly BuildOutput[];
}

/**
 * Puts an image, or every image of an index, onto another run image: only manifests and configs are new. With `dryRun` nothing is
 * written. Throws `REBASE_REFUSED` (exit 72), `RUN_IMAGE_UNUSABLE` (exit 32), and what keeps the image from being read or written.
 */
export async function rebaseImage(options: RebaseOptions, ctx: Context): Promise<RebaseOutcome> {
  const { image, machine, runImage, outputs } = options;
  const start = ctx.clock.monotonicMs();
  const base = runImage === undefined ? undefined : parseLocation(runImage);
  const places = outputs.length === 0 ? [image.location] : outputs.map(({ location }) => location);
  checkStandardUses({ inputs: [image.location, base], outputs: places }, machine.standard);
  await using stores = openStores(machine, ctx.product, options.registry ?? { insecure: [] });
  ctx.emit({ type: 'phase.start', phase: 'rebase' });
  const output = await runRebase(
    {
      app: image,
      runImage:
        base === undefined ? undefined : { location: base, name: options.runImageName ?? displayLocation(base) },
      preferred: preferredCandidates(openConfig(machine)),
      target: options.target,
      outputs:
        outputs.length === 0
          ? [{ location: image.location, shown: image.name }]
          : outputs.map(({ location, text, name }) => ({
              location,
              shown: text.split(/;(?=[a-z-]+=)/)[0] ?? text,
              ...(name === undefined ? {} : { imageName: name }),
            })),
      isDryRun: options.dryRun ?? false,
      report: options.report === undefined ? undefined : resolve(machine.cwd, options.report),
      features: platformFeatures(PLATFORM_APIS.at(-1)),
      force: options.force ?? false,
      isStrict: options.strict ?? false,
      sourceDateEpoch: options.sourceDateEpoch,
    },
    stores,
    ctx,
    GUARDS,
  );
  ctx.emit({ type: 'phase.end', phase: 'rebase', ms: ctx.clock.monotonicMs() - start });
  const { digest, platforms } = output;
  const outcome = { image: image.name, digest, platforms, outputs: buildOutputs({ ...output, layers: [] }) };
  ctx.emit({ type: 'rebase.end', dryRun: options.dryRun ?? false, ...outcome });
  return outcome;
}

/** The phase's exit code; the Go lifecycle's words are left out. */
const GUARDS: RebaseGuards = {
  app: (task) => plain(task),
  base: (task) => plain(task),
  rebase: (task) => plain(task),
  report: (task) => plain(task),
};

function plain<T>(task: () => Promise<T>): Promise<T> {
  return plainGuard('rebase', async () => {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      const { code, hint, details, cause } = error;
      throw new SlipwayError(code, error.message.replace(/^rebase app image: |^failed to parse arguments: /, ''), {
        details,
        cause,
        ...(hint === undefined ? {} : { hint }),
        exit: code === 'OUTPUT_FAILED' && error.exit === 62 ? 72 : (error.exit ?? 72),
      });
    }
  });
}
