import type { Context } from '../../core/context.ts';
import { removeTree } from '../../layer/remove-tree.ts';
import { analyze } from '../../phases/analyze.ts';
import { explainDetection } from '../../phases/detect.ts';
import type { CachePlan } from '../build/caches.ts';
import { withoutSecrets } from '../build/masked.ts';
import type { BuildOptions } from '../build/options.ts';
import { withPreparedBuild } from '../build/prepared.ts';
import { readRequest } from '../build/request.ts';
import { readSecrets } from '../build/secrets.ts';
import { openConfig } from '../config/config.ts';
import { withSettings } from '../config/use.ts';
import { openProject } from '../descriptor/open-project.ts';
import { detectInput, type RunBuildInput, type RunBuildPorts } from '../run-build.ts';

/**
 * Runs the detection of a build for all groups of its order, and says in an event what each buildpack made of the app. No image, no
 * output, no cache. Returns the exit code that detection in a build has; throws what a build throws before it.
 */
export async function explainDetect(asked: BuildOptions, ctx: Context): Promise<number> {
  await using project = await openProject({ ...asked, makesImage: false, outputs: [] }, ctx);
  const options = withSettings(project.options, openConfig(asked.machine), ctx);
  const request = { ...readRequest(options), caches: NO_CACHES };
  const secrets = await readSecrets(options);
  return await withoutSecrets(secrets, ctx, (inner) => {
    const keeper = { ctx: inner, watch: <T>(sandbox: T): Promise<T> => Promise.resolve(sandbox), release: removeTree };
    const prepared = { options, request, project, keeper, secrets };
    return withPreparedBuild(prepared, (input, ports) => explain(input, ports, inner));
  });
}

const NO_CACHES: CachePlan = {
  cacheDir: undefined,
  cacheImage: undefined,
  launchDir: undefined,
  indexDir: undefined,
  kept: [],
};

/** The run image says what the build is for; nothing else of it is looked at. */
async function explain(input: RunBuildInput, ports: RunBuildPorts, ctx: Context): Promise<number> {
  const { locator, guard, sandbox, modules, extensions = modules } = ports;
  const wanted = { ...input.analyze, outputs: [], previousImage: undefined, skipLayers: true };
  const { analyzed } = await guard('analyze', () => analyze(wanted, { images: locator }, ctx));
  const all = await detectInput(input, analyzed);
  return await guard('detect', () => explainDetection(all, { sandbox, modules, extensions }, ctx));
}
