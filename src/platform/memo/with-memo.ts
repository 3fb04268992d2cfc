import type { Context } from '../../core/context.ts';
import type { MemoVerdict } from '../../core/events.ts';
import { findingOnce } from '../../locate/find-once.ts';
import type { Locator } from '../../locate/locator.ts';
import { formatCompression } from '../../layer/compression.ts';
import { decodeManifest } from '../../oci/manifest.ts';
import { parsePlatform, type Platform } from '../../oci/platform.ts';
import type { ExportOutput } from '../../phases/export.ts';
import { writeReport } from '../../workspace/files.ts';
import { join, resolve } from 'node:path';
import { MEMO_PARTS } from '../../cache/memo-record.ts';
import { copySboms } from '../build/keep-sboms.ts';
import type { BuildOptions } from '../build/options.ts';
import type { PreparedRequest } from '../build/prepared.ts';
import { resolveOptional } from '../build/resolve-optional.ts';
import { exportReport, throwFailedOutputs } from '../finish-export.ts';
import type { RunBuildInput } from '../run-build.ts';
import type { RunExportOutput } from '../run-export.ts';
import { plainGuard, stage } from '../stage.ts';
import { openStores } from '../stores.ts';
import { lookUp, type MemoAnswer, type MemoRequest } from './lookup.ts';
import { memoArea, memoEntry, useRecord } from './records.ts';
import { isCopyOf, notRemembered, remember } from './remember.ts';
import { retag } from './retag.ts';

/** An image, and what it came of. */
export interface MadeImage {
  readonly exported: ExportOutput;
  readonly launcher: { readonly kind: string; readonly reason: string };
  readonly platform: Platform;
  readonly sandbox: string;
  readonly memo?: MemoVerdict;
}

/** A build that was run. */
export interface RunBuild {
  readonly result: RunExportOutput;
  readonly sandbox: string;
}

/** What a build does so that it can be remembered. */
export interface MemoHooks {
  readonly locator?: Locator;
  /** Runs the phases; called when the app was copied, before anything else is done. */
  readonly around: (input: RunBuildInput, phases: () => Promise<RunExportOutput>) => Promise<RunExportOutput>;
}

/**
 * Runs the build, unless `memo` is asked for and the image of the very same inputs is known: then that is given its names, and nothing
 * runs (decision 0026). Throws what the build throws, `OUTPUT_FAILED` for an output that could not be named.
 */
export async function withMemo(
  prepared: PreparedRequest,
  build: (hooks: MemoHooks) => Promise<RunBuild>,
): Promise<MadeImage> {
  const { options, keeper } = prepared;
  const { ctx } = keeper;
  if (options.memo !== true) return madeImage(await build({ around: (_, phases) => phases() }));
  await using stores = openStores(options.machine, ctx.product, options.registry ?? { insecure: [] });
  const locator = findingOnce(stores);
  const request = memoRequest(prepared);
  const { finding, hit, begun } = await lookUp(request, locator, ctx);
  ctx.emit({ type: 'memo', finding });
  if (hit !== undefined) return { ...(await takeKnown(options, hit, locator, ctx)), memo: 'hit' };
  const made = await build({
    locator,
    around: async (input, phases) => {
      const isSame = begun !== undefined && (await isCopyOf(begun, input, ctx));
      const result = await phases();
      if (isSame) await remember(request, { begun, input, result }, locator, ctx);
      else if (begun !== undefined) notRemembered('the app changed while it was copied', ctx);
      return result;
    },
  });
  return { ...madeImage(made), memo: finding.verdict };
}

/** A build as it is looked up. */
export function memoRequest({ options, request, project }: Omit<PreparedRequest, 'keeper' | 'secrets'>): MemoRequest {
  return {
    options,
    request,
    metadata: project.metadata,
    project,
    outputs: request.outputs.map((each) => ({
      request: each,
      compression: formatCompression(each.compression ?? request.compression),
    })),
  };
}

function madeImage({ result, sandbox }: RunBuild): MadeImage {
  const { exported, launcher, platform } = result;
  return { exported, launcher, platform, sandbox };
}

async function takeKnown(
  options: BuildOptions,
  { record, steps }: NonNullable<MemoAnswer['hit']>,
  locator: Locator,
  ctx: Context,
): Promise<Omit<MadeImage, 'memo'>> {
  for (const { subject, message } of options.notices ?? []) ctx.emit({ type: 'notice', subject, message });
  const { machine } = options;
  const platform = parsePlatform(record.platform);
  const outputs = await retag({ steps, platform }, locator, ctx);
  const [first] = outputs;
  const top = steps[0]?.from.walked.top;
  if (first === undefined || top === undefined) throw new Error('a build has an output');
  const manifest = decodeManifest(top, record.image);
  const blobs = manifest.kind === 'manifest' ? manifest.layers : [];
  const exported: ExportOutput = {
    digest: first.digest,
    ...(manifest.kind === 'manifest' ? { configDigest: manifest.config.digest } : {}),
    manifestSize: first.manifestSize,
    outputs,
    // Digests and sizes are those of the first output's compression.
    layers: record.layers.map(({ isBase, ...layer }, index) => {
      const { digest, size } = blobs[index] ?? layer;
      return { ...layer, digest, size, status: isBase ? 'referenced' : 'reused' };
    }),
  };
  const { launcher } = record;
  const report = resolveOptional(machine.cwd, options.report);
  if (report !== undefined)
    await stage('write export report', 62, () => writeReport(report, exportReport(exported, launcher)));
  const entry = memoEntry(memoArea(machine), record.key);
  if (options.sbomOutputDir !== undefined)
    await copySboms(join(entry, MEMO_PARTS.sboms), resolve(machine.cwd, options.sbomOutputDir), ctx);
  await plainGuard('export', () => {
    throwFailedOutputs(exported);
    return Promise.resolve();
  });
  await useRecord(memoArea(machine), record.key, ctx);
  return { exported, launcher, platform, sandbox: 'none' };
}
