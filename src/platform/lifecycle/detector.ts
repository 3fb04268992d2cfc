import type { Context } from '../../core/context.ts';
import type { OrderFile } from '../../cnb/files/order.ts';
import { EMPTY_SYSTEM, type SystemFile } from '../../cnb/files/system.ts';
import { knownTarget, type TargetMetadata } from '../../cnb/analyzed.ts';
import { parsePinned } from '../../options/names.ts';
import type { BuilderInputs, DetectorInputs } from '../../options/phase-inputs.ts';
import { detect, type DetectInput } from '../../phases/detect.ts';
import { hostSandbox } from '../../sandbox/host.ts';
import { openModules } from '../../workspace/buildpacks.ts';
import { readAnalyzed, readOrder, readSystem, writeGroup, writePlan } from '../../workspace/files.ts';
import { dirsOnDisk, readOsRelease } from '../in-place.ts';
import { definedEnv } from '../machine.ts';
import { refuseRoot } from '../privileges.ts';
import { lifecycleGuard } from '../stage.ts';
import { announce, guardExperimental, type Host } from './host.ts';
import { runGenerate } from './run-generate.ts';

/**
 * `detector`: finds the group of buildpacks that fits, writes group.toml and plan.toml, then lets the group's extensions generate. All
 * of them run in place.
 */
export async function runDetector(inputs: DetectorInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  ctx.emit({ type: 'log', level: 'debug', message: 'Ensuring privileges...' });
  refuseRoot(host.machine, 'detect');
  ctx.emit({ type: 'log', level: 'debug', message: 'Executing command...' });
  const { order, extensions } = await readOrderFor(inputs, host, ctx);
  const system = await readSystemFor(inputs, ctx);
  const analyzed = await readAnalyzed(inputs.analyzed, (text) => parsePinned(text, inputs.names), ctx);
  const shared = await buildpackInputs(inputs, knownTarget(analyzed?.runImage), host);
  const ports = {
    sandbox: hostSandbox(),
    modules: openModules(inputs.buildpacksDir, 'buildpack'),
    extensions: openModules(inputs.extensionsDir, 'extension'),
  };
  const { group, plan } = await lifecycleGuard('detect', () =>
    detect({ ...shared, order, extensions, system, skipsMisfits: inputs.hasStrictTargets }, ports, ctx),
  );
  await writeGroup(inputs.group, group);
  await writePlan(inputs.plan, plan);
  if (group.some(({ kind }) => kind === 'extension'))
    await runGenerate({ inputs, analyzed, input: { ...shared, group, plan } }, ports, ctx);
}

/** What detect, generate and build are told alike when they run in place. */
export async function buildpackInputs(
  inputs: BuilderInputs & { readonly extensionsDir?: string },
  target: TargetMetadata | undefined,
  host: Host,
): Promise<Omit<DetectInput, 'order' | 'system'>> {
  return {
    dirs: dirsOnDisk(inputs),
    target,
    execEnv: inputs.execEnv,
    features: inputs.features,
    deprecations: inputs.deprecations,
    inheritedEnv: definedEnv(host.machine.env),
    osRelease: await readOsRelease(),
    hostArchitecture: host.machine.architecture,
  };
}

/** The order; its extensions count from Platform API 0.10 on, first as an experiment. */
export async function readOrderFor(inputs: DetectorInputs, host: Host, ctx: Context): Promise<OrderFile> {
  const { features } = inputs;
  const file = await readOrder(inputs.order);
  if (file.extensions.length === 0 || !features.hasExtensions) return { order: file.order, extensions: [] };
  if (!features.hasStableExtensions)
    guardExperimental({ feature: 'Dockerfiles', hint: 'remove [[order-extensions]]' }, host, ctx);
  return file;
}

/** system.toml, from the Platform API that has it on. */
export async function readSystemFor(inputs: DetectorInputs, ctx: Context): Promise<SystemFile> {
  return inputs.features.hasExecEnv ? readSystem(inputs.system, ctx) : EMPTY_SYSTEM;
}
