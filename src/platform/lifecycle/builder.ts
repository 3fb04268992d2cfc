import { join } from 'node:path';
import { knownTarget } from '../../cnb/analyzed.ts';
import type { Context } from '../../core/context.ts';
import { parsePinned } from '../../options/names.ts';
import type { BuilderInputs } from '../../options/phase-inputs.ts';
import { build } from '../../phases/build.ts';
import { hostSandbox } from '../../sandbox/host.ts';
import { openModules } from '../../workspace/buildpacks.ts';
import { readAnalyzed, readGroup, readPlan, writeBuildMetadata } from '../../workspace/files.ts';
import { checkGroupApis } from '../in-place.ts';
import { refuseRoot } from '../privileges.ts';
import { lifecycleGuard } from '../stage.ts';
import { buildpackInputs } from './detector.ts';
import { announce, type Host } from './host.ts';

/** `builder`: runs the group's buildpacks in place, writes `<layers>/config/metadata.toml`. */
export async function runBuilder(inputs: BuilderInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  ctx.emit({ type: 'log', level: 'debug', message: 'Ensuring privileges...' });
  refuseRoot(host.machine, 'build');
  ctx.emit({ type: 'log', level: 'debug', message: 'Executing command...' });
  const group = await readGroup(inputs.group);
  checkGroupApis(group, inputs.deprecations, ctx);
  const plan = await readPlan(inputs.plan);
  const analyzed = await readAnalyzed(inputs.analyzed, (text) => parsePinned(text, inputs.names), ctx);
  const shared = await buildpackInputs(inputs, knownTarget(analyzed?.runImage), host);
  const ports = { sandbox: hostSandbox(), modules: openModules(inputs.buildpacksDir, 'buildpack') };
  const { metadata } = await lifecycleGuard('build', () => build({ ...shared, group, plan }, ports, ctx));
  await writeBuildMetadata(join(inputs.layersDir, 'config', 'metadata.toml'), metadata, inputs.features);
}
