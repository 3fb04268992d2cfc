import type { Context } from '../../core/context.ts';
import { EMPTY_SYSTEM, type SystemFile } from '../../cnb/files/system.ts';
import { knownTarget, type TargetMetadata } from '../../cnb/analyzed.ts';
import type { Order } from '../../cnb/module.ts';
import { parsePinned } from '../../options/names.ts';
import type { BuilderInputs, DetectorInputs } from '../../options/phase-inputs.ts';
import { detect, type DetectInput } from '../../phases/detect.ts';
import { hostSandbox } from '../../sandbox/host.ts';
import { openModules } from '../../workspace/buildpacks.ts';
import { readAnalyzed, readOrder, readSystem, writeGroup, writePlan } from '../../workspace/files.ts';
import { dirsOnDisk, readOsRelease } from '../in-place.ts';
import { definedEnv } from '../machine.ts';
import { refuseRoot } from '../privileges.ts';
import { refuseExtensions } from '../read-order.ts';
import { lifecycleGuard } from '../stage.ts';
import { announce, guardExperimental, type Host } from './host.ts';

/** `detector`: finds the group of buildpacks that fits, writes group.toml and plan.toml. Buildpacks run in place. */
export async function runDetector(inputs: DetectorInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  ctx.emit({ type: 'log', level: 'debug', message: 'Ensuring privileges...' });
  refuseRoot(host.machine, 'detect');
  ctx.emit({ type: 'log', level: 'debug', message: 'Executing command...' });
  const order = await readOrderFor(inputs, host, ctx);
  const system = await readSystemFor(inputs, ctx);
  const analyzed = await readAnalyzed(inputs.analyzed, (text) => parsePinned(text, inputs.names), ctx);
  const shared = await buildpackInputs(inputs, knownTarget(analyzed?.runImage), host);
  const ports = { sandbox: hostSandbox(), modules: openModules(inputs.buildpacksDir, 'buildpack') };
  const output = await lifecycleGuard('detect', () => detect({ ...shared, order, system }, ports, ctx));
  await writeGroup(inputs.group, output.group);
  await writePlan(inputs.plan, output.plan);
}

/** What detect and build are told alike when they run in place. */
export async function buildpackInputs(
  inputs: BuilderInputs,
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

/** The order; its extensions count from Platform API 0.10 on, first as an experiment, and this version cannot run them. */
export async function readOrderFor(inputs: DetectorInputs, host: Host, ctx: Context): Promise<Order> {
  const { features } = inputs;
  const file = await readOrder(inputs.order);
  if (file.extensions.length === 0 || !features.hasExtensions) return file.order;
  if (!features.hasStableExtensions)
    guardExperimental({ feature: 'Dockerfiles', hint: 'remove [[order-extensions]]' }, host, ctx);
  return refuseExtensions(file, inputs.order).order;
}

/** system.toml, from the Platform API that has it on. */
export async function readSystemFor(inputs: DetectorInputs, ctx: Context): Promise<SystemFile> {
  return inputs.features.hasExecEnv ? readSystem(inputs.system, ctx) : EMPTY_SYSTEM;
}
