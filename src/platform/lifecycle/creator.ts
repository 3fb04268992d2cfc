import type { Context } from '../../core/context.ts';
import { checkStandardUses } from '../../locate/standard.ts';
import type { CreatorInputs } from '../../options/phase-inputs.ts';
import { hostSandbox } from '../../sandbox/host.ts';
import { openModules } from '../../workspace/buildpacks.ts';
import { imagesRead } from '../images-read.ts';
import { dirsOnDisk, readOsRelease } from '../in-place.ts';
import { definedEnv } from '../machine.ts';
import { homeOf } from '../privileges.ts';
import { runBuild } from '../run-build.ts';
import { readRunEntries } from '../run-image.ts';
import { openSinks, refuseCacheAsOutput } from '../sinks.ts';
import { lifecycleGuard } from '../stage.ts';
import { analyzeInput } from './analyzer.ts';
import { readOrderFor, readSystemFor } from './detector.ts';
import { exportSettings, sinkRequests } from './exporter.ts';
import { announce, openCaches, openHostIndex, openHostStores, openLaunchCache, prepare, type Host } from './host.ts';

/** `creator`: all five phases in one process. The run image is pinned once (contract GAP-12); the cache is opened first. */
export async function runCreator(inputs: CreatorInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  const { machine } = host;
  const analyze = await analyzeInput(inputs, ctx);
  const uses = { inputs: imagesRead(analyze), outputs: analyze.outputs };
  checkStandardUses(uses, machine.standard);
  refuseCacheAsOutput(inputs.cacheImage, analyze.outputs);
  // Buildpacks of a creator that root started run as the user it becomes, with that user's home.
  const user = machine.uid === 0 && inputs.owner.uid !== 0 ? await homeOf(inputs.owner.uid) : undefined;
  await using locator = openHostStores(inputs, host, ctx);
  const directories = [inputs.cacheDir, inputs.launchCacheDir, inputs.layersDir];
  const images = [...uses.inputs, ...uses.outputs, analyze.cacheImage];
  await prepare({ directories, images }, inputs, host, ctx);
  const openCache = await openCaches(inputs, locator, ctx);
  const launchCache = await openLaunchCache(inputs.launchCacheDir, ctx);
  const { order, extensions } = await readOrderFor(inputs, host, ctx);
  await runBuild(
    {
      analyze,
      dirs: dirsOnDisk(inputs),
      order,
      extensions,
      skipsMisfits: inputs.hasStrictTargets,
      readSystem: () => readSystemFor(inputs, ctx),
      files: { analyzed: inputs.analyzed, group: inputs.group, plan: inputs.plan },
      settings: exportSettings(inputs),
      runImageName: inputs.runImageName,
      readRunEntries: () => readRunEntries(inputs, ctx),
      deprecations: inputs.deprecations,
      skipRestore: inputs.skipLayers,
      inheritedEnv: {
        ...definedEnv(machine.env),
        ...(user === undefined ? {} : { HOME: user.home, USER: user.user }),
      },
      osRelease: await readOsRelease(),
      hostArchitecture: machine.architecture,
      network: 'host',
    },
    {
      locator,
      sandbox: hostSandbox(),
      modules: openModules(inputs.buildpacksDir, 'buildpack'),
      extensions: openModules(inputs.extensionsDir, 'extension'),
      openCache,
      launchCache,
      index: openHostIndex(inputs, host, ctx),
      openOutputs: () => openSinks(sinkRequests(inputs), locator, ctx),
      guard: lifecycleGuard,
    },
    ctx,
  );
}
