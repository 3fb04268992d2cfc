import type { Context } from '../../core/context.ts';
import type { BuildMetadata, Label } from '../../cnb/process.ts';
import {
  BUILD_METADATA_LABEL,
  buildMetadataLabel,
  EXEC_ENV_LABEL,
  LIFECYCLE_METADATA_LABEL,
  lifecycleMetadataLabel,
  PROJECT_METADATA_LABEL,
} from '../../cnb/labels.ts';
import type { LifecycleMetadata } from '../../cnb/layer-metadata.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { ImagePlan } from '../../image/plan.ts';
import type { DirectStart } from '../../launcher/direct-start.ts';
import type { ExportInput } from '../export.ts';
import { log } from './layer-request.ts';

export type ImageSettings = Pick<
  ImagePlan,
  'env' | 'prependPath' | 'workingDir' | 'entrypoint' | 'cmd' | 'labels' | 'created' | 'history'
>;

/** Everything of the image but its layers (contract §13.5), with its log lines. Throws `PROCESS_INVALID`. */
export function imageSettings(input: ExportInput, metadata: LifecycleMetadata, ctx: Context): ImageSettings {
  const labels = imageLabels(input, metadata, ctx);
  for (const { key } of labels) log(ctx, 'info', `Adding label '${key}'`);
  const created = createdTime(input.features.hasSourceDateEpoch ? input.sourceDateEpoch : undefined, ctx);
  const history = input.features.keepsHistory ? 'kept' : 'blank';
  const { directStart } = input;
  if (directStart !== undefined) return { ...directSettings(directStart, ctx), labels, created, history };
  const env = [
    ['CNB_LAYERS_DIR', input.layers.logical],
    ['CNB_APP_DIR', input.app.logical],
    ['CNB_PLATFORM_API', input.features.api],
    ['CNB_DEPRECATION_MODE', 'quiet'],
  ] as const;
  for (const [name, value] of env) log(ctx, 'debug', `Setting ${name}=${value}`);
  log(ctx, 'debug', 'Prepending /cnb/process and /cnb/lifecycle to PATH');
  log(ctx, 'debug', `Setting WORKDIR: '${input.app.logical}'`);
  const entrypoint = entrypointOf(input.metadata, input.processType, ctx);
  log(ctx, 'debug', `Setting ENTRYPOINT: '${entrypoint}'`);
  return {
    env,
    prependPath: ['/cnb/process', '/cnb/lifecycle'],
    workingDir: input.app.logical,
    entrypoint: [entrypoint],
    cmd: undefined,
    labels,
    created,
    history,
  };
}

/** One process and its environment: what a launcher would do at each start (launcher `none`). */
function directSettings(
  start: DirectStart,
  ctx: Context,
): Pick<ImageSettings, 'env' | 'prependPath' | 'workingDir' | 'entrypoint' | 'cmd'> {
  for (const [name, value] of start.env) log(ctx, 'debug', `Setting ${name}=${value}`);
  log(ctx, 'debug', `Setting WORKDIR: '${start.workingDir}'`);
  log(ctx, 'info', `Setting default process type '${start.process}'`);
  log(ctx, 'debug', `Setting ENTRYPOINT: '${start.entrypoint.join(' ')}'`);
  const { env, workingDir, entrypoint, cmd } = start;
  return { env, prependPath: [], workingDir, entrypoint, cmd: cmd.length === 0 ? undefined : cmd };
}

/** The constant of the lifecycle, or SOURCE_DATE_EPOCH in whole seconds; RFC 3339, always in UTC. */
export function createdTime(sourceDateEpoch: string | undefined, ctx: Context): string {
  const constant = '1980-01-01T00:00:01Z';
  if (sourceDateEpoch === undefined || sourceDateEpoch === '') return constant;
  const seconds = /^-?\d{1,15}$/.test(sourceDateEpoch) ? Number(sourceDateEpoch) : Number.NaN;
  const date = new Date(seconds * 1000);
  // RFC 3339 has years of four digits.
  const isValid = !Number.isNaN(date.getTime()) && date.getUTCFullYear() >= 0 && date.getUTCFullYear() <= 9999;
  if (isValid) return date.toISOString().replace('.000Z', 'Z');
  log(ctx, 'warn', 'Ignoring invalid SOURCE_DATE_EPOCH');
  return constant;
}

function imageLabels(input: ExportInput, metadata: LifecycleMetadata, ctx: Context): readonly Label[] {
  const { execEnv, features, launcher, directStart } = input;
  const kind = launcher?.label ?? directStart?.label;
  return [
    { key: LIFECYCLE_METADATA_LABEL, value: lifecycleMetadataLabel(metadata) },
    { key: BUILD_METADATA_LABEL, value: buildMetadataLabel(input.metadata, ctx.product, features) },
    { key: PROJECT_METADATA_LABEL, value: input.projectMetadata },
    ...input.metadata.labels.filter((label) => isAllowed(label, ctx)),
    ...(features.hasExecEnv && execEnv !== '' ? [{ key: EXEC_ENV_LABEL, value: execEnv }] : []),
    ...(kind === undefined ? [] : [kind]),
  ];
}

/** A buildpack may set any label but the one that later builds and rebase stand on (contract §6.4). */
function isAllowed(label: Label, ctx: Context): boolean {
  if (label.key !== LIFECYCLE_METADATA_LABEL) return true;
  log(ctx, 'warn', `Ignoring label '${label.key}' of a buildpack: it is the lifecycle's own`);
  return false;
}

function entrypointOf(metadata: BuildMetadata, asked: string | undefined, ctx: Context): string {
  const isDefined = (type: string): boolean => metadata.processes.some((process) => process.type === type);
  if (asked !== undefined && asked !== '') {
    if (!isDefined(asked)) {
      throw new SlipwayError(
        'PROCESS_INVALID',
        `determining entrypoint: tried to set ${asked} to default but it doesn't exist`,
        {
          details: { defined: metadata.processes.map((process) => process.type).join(', ') || 'none' },
          exit: 62,
        },
      );
    }
    log(ctx, 'info', `Setting default process type '${asked}'`);
    return `/cnb/process/${asked}`;
  }
  const { defaultProcessType } = metadata;
  if (defaultProcessType === undefined || defaultProcessType === '') {
    log(ctx, 'info', 'no default process type');
    return '/cnb/lifecycle/launcher';
  }
  log(ctx, 'info', `Setting default process type '${defaultProcessType}'`);
  return `/cnb/process/${defaultProcessType}`;
}
