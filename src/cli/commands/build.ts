import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { indexChoice } from '../../options/index-choice.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readLimits } from '../../options/commands/build/limits.ts';
import { parseOutput, type OutputRequest } from '../../options/output.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { readCreationTime } from '../../options/creation-time.ts';
import { buildImage } from '../../platform/build/build.ts';
import type { BuildOptions } from '../../platform/build/options.ts';
import { planBuild } from '../../platform/dry-run/plan-build.ts';
import type { Machine } from '../../platform/machine.ts';
import { readBuildData, readTarget } from '../build-data.ts';
import { readBuildModules } from '../build-modules.ts';
import { readBuildEnv } from '../build-env.ts';
import { SANDBOX_WORDS } from '../../sandbox/strategies.ts';
import { readDebugOptions } from '../debug-options.ts';
import { removeStaleTemporary } from '../remove-stale.ts';
import { thisMachine } from '../this-machine.ts';

const NETWORKS = ['host', 'none'] as const;

/** `slipway build`. */
export async function runBuildCommand(values: CommandValues, ctx: Context): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const options = await readBuildOptions(values, machine, ctx);
  await removeStaleTemporary(ctx, machine.uid);
  if (values.boolean('dry-run')) await planBuild(options, ctx);
  else await buildImage(options, ctx);
  return 0;
}

/** Everything that can be wrong with the arguments is said before any work. */
export async function readBuildOptions(
  values: CommandValues,
  machine: Machine,
  ctx: Context,
  { makesImage = true }: { readonly makesImage?: boolean } = {},
): Promise<BuildOptions> {
  const image = makesImage ? (values.positionals[0] ?? '') : 'app';
  const outputs = makesImage ? readOutputs(values, image) : [];
  const platform = values.text('platform');
  const clearCache = values.boolean('clear-cache');
  return {
    image,
    path: values.text('path') ?? '.',
    outputs,
    makesImage,
    env: await readBuildEnv(values.list('env-file'), values.list('env'), machine),
    machine,
    clearCache,
    memo: values.boolean('memo'),
    index: indexChoice({ isOff: values.boolean('no-index'), isVerified: values.boolean('verify-index') }),
    registry: readRegistryFlags(values),
    ...(platform === undefined ? {} : { target: readTarget(platform) }),
    ...readBuildData(values),
    ...readBuildModules(values, machine),
    ...defined('descriptor', values.text('descriptor')),
    commandLimits: readLimits(values),
    ...readDebugOptions(values),
    ...defined('builder', values.text('builder')),
    ...defined('buildpacks', values.text('buildpacks')),
    ...defined('runImage', values.text('run-image')),
    ...defined('order', values.text('order')),
    ...defined('runImageName', values.text('run-image-name')),
    ...defined('cacheDir', values.text('cache-dir')),
    ...defined('cacheImage', values.text('cache-image')),
    ...defined('launchCacheDir', values.text('launch-cache')),
    ...defined('sandbox', word(values.text('sandbox'), SANDBOX_WORDS)),
    ...defined('network', word(values.text('network'), NETWORKS)),
    ...defined('compression', values.text('compression')),
    ...defined('launcher', values.text('launcher')),
    ...defined('previousImage', values.text('previous-image')),
    ...defined('defaultProcess', values.text('default-process')),
    ...defined('projectMetadata', values.text('project-metadata')),
    ...defined('sourceDateEpoch', readCreationTime(values.text('creation-time'), ctx.clock)),
    ...defined('execEnv', values.text('exec-env')),
    ...defined('layersDir', values.text('layers-dir')),
    ...defined('uid', values.number('uid')),
    ...defined('gid', values.number('gid')),
  };
}

/** Throws before any work, with the three commands to choose from, when nothing says where the image goes (design §1.1). */
function readOutputs(values: CommandValues, image: string): readonly OutputRequest[] {
  const texts = values.list('output');
  const outputs = texts.map(parseOutput);
  const published = values.boolean('publish') ? [parseOutput(`docker://${image}`)] : [];
  const all = [...outputs, ...published];
  if (all.length > 0) return all;
  const name = image.split('/').at(-1)?.split(/[:@]/)[0] ?? 'app';
  const command = `slipway build ${image} …`;
  throw new SlipwayError('ARGUMENT_INVALID', 'nothing says where the image goes', {
    hint: [
      `${command} --output docker-archive:${name}.tar    a file for docker load`,
      `${command} --output oci:${name}                   an OCI layout directory`,
      `${command} --publish                             push to the registry of ${image}`,
    ].join('\n'),
  });
}

function defined<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  const record: Partial<Record<K, V>> = {};
  if (value !== undefined) record[key] = value;
  return record;
}

function word<W extends string>(text: string | undefined, words: readonly W[]): W | undefined {
  return words.find((candidate) => candidate === text);
}
