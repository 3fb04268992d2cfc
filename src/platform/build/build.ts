import type { Context } from '../../core/context.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { openConfig } from '../config/config.ts';
import { withSettings } from '../config/use.ts';
import { withFailureKept } from '../debug/keep-failure.ts';
import { openProject } from '../descriptor/open-project.ts';
import { withMemo, type MadeImage } from '../memo/with-memo.ts';
import { runBuild } from '../run-build.ts';
import { withoutSecrets } from './masked.ts';
import { buildOutputs, type BuildOptions, type BuildOutcome } from './options.ts';
import { withPreparedBuild, type PreparedRequest } from './prepared.ts';
import { checkBeforeProject, readRequest } from './request.ts';
import { readSecrets } from './secrets.ts';

/**
 * `slipway build`: an app directory, with a builder image or a directory of buildpacks, to an image at every output. Nothing of this machine
 * is in the image: layers, app and owners are the logical ones. Throws what the phases throw; `OUTPUT_FAILED` after all outputs were
 * tried.
 */
export async function buildImage(asked: BuildOptions, ctx: Context): Promise<BuildOutcome> {
  checkBeforeProject(asked);
  ctx.emit({ type: 'build.start', image: asked.image });
  await using project = await openProject(asked, ctx);
  const options = withSettings(project.options, openConfig(asked.machine), ctx);
  const request = readRequest(options);
  const secrets = await readSecrets(options);
  return await withoutSecrets(secrets, ctx, (inner) =>
    withFailureKept(options, inner, (keeper) => makeImage(options, { request, project, keeper, secrets })),
  );
}

async function makeImage(options: BuildOptions, prepared: Omit<PreparedRequest, 'options'>): Promise<BuildOutcome> {
  const { ctx } = prepared.keeper;
  const request = { ...prepared, options };
  const made = await withMemo(request, ({ around, ...own }) =>
    withPreparedBuild({ ...request, ...own }, async (input, ports) => ({
      sandbox: ports.sandbox.name,
      result: await around(input, () => runBuild(input, ports, ctx)),
    })),
  );
  return conclude(options, made, ctx);
}

function conclude(options: BuildOptions, made: MadeImage, ctx: Context): BuildOutcome {
  const { exported, launcher, platform, sandbox, memo } = made;
  const known = memo === undefined ? {} : { memo };
  ctx.emit({
    type: 'build.end',
    image: options.image,
    digest: exported.digest,
    platform: formatPlatform(platform),
    layers: exported.layers.length,
    size: exported.layers.reduce((sum, layer) => sum + layer.size, 0),
    outputs: buildOutputs(exported),
    ...known,
  });
  return {
    image: options.image,
    digest: exported.digest,
    platform: formatPlatform(platform),
    outputs: buildOutputs(exported),
    layers: exported.layers,
    report: options.report,
    launcher: { kind: launcher.kind, reason: launcher.reason },
    sandbox,
    ...known,
  };
}
