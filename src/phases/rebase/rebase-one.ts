import type { PlatformFeatures } from '../../cnb/features.ts';
import { LIFECYCLE_METADATA_LABEL } from '../../cnb/labels.ts';
import { isRebasedByTarget } from '../../cnb/rebase-rule.ts';
import { changeRunImage, readRunImageRecord, type RunImageRecordOfLabel } from '../../cnb/run-image-record.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { RebasedPlatform } from '../../core/events.ts';
import { assembleRebased } from '../../image/rebase.ts';
import { envValue } from '../../oci/image-config.ts';
import { displayLocation } from '../../oci/location.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Image } from '../../ports/image.ts';
import type { AssembledImage } from '../../store/copy.ts';
import type { FoundRunImage } from '../analyze/find-run-image.ts';
import { createdTime } from '../export/image-settings.ts';
import { judgeName } from './check-name.ts';
import { shellObstacle } from './check-shell.ts';
import { checkStack } from './check-stack.ts';
import { targetObstacles } from './check-target.ts';
import { refuseUnlessForced } from './obstacle.ts';

/** The rules of a rebase. */
export interface RebaseRules {
  readonly features: PlatformFeatures;
  /** What may be overridden is a warning, no error. */
  readonly force: boolean;
  /** A base that the label does not name is refused, though it be of the same repository. */
  readonly isStrict: boolean;
  readonly sourceDateEpoch: string | undefined;
}

/** One image on its new base. */
export interface RebasedImage {
  readonly assembled: AssembledImage;
  readonly summary: RebasedPlatform;
}

/** Checks one image against its new base and assembles the result. Throws `REBASE_REFUSED` (exit 72). */
export async function rebaseOne(
  app: Image,
  found: FoundRunImage,
  rules: RebaseRules,
  ctx: Context,
): Promise<RebasedImage> {
  const { image: base, name } = found;
  const { features } = rules;
  if (isRebasedByTarget(envValue(app.config.env, 'CNB_PLATFORM_API')))
    for (const obstacle of targetObstacles(app, base)) refuseUnlessForced(obstacle, rules, ctx);
  else checkStack(app, base);
  const label = app.config.labels[LIFECYCLE_METADATA_LABEL] ?? '';
  const record = recordOf(app, label);
  const oldBaseLayers = countBaseLayers(app, record);
  const { names, obstacle } = features.hasTargets ? judgeName(record, { location: base.requested, name }, rules) : {};
  refuseUnlessForced(obstacle, rules, ctx);
  const bases = { before: app.layers.slice(0, oldBaseLayers), after: base.layers };
  refuseUnlessForced(await shellObstacle(app, bases, ctx), rules, ctx);
  const change = { topLayer: base.layers.at(-1)?.diffId ?? '', reference: referenceOf(base) };
  const labels = {
    ...syncedLabels(app, base, features),
    [LIFECYCLE_METADATA_LABEL]: changeRunImage(label, names === undefined ? change : { ...change, names }),
  };
  const created = createdTime(features.hasSourceDateEpoch ? rules.sourceDateEpoch : undefined, ctx);
  const assembled = assembleRebased({
    app,
    base,
    oldBaseLayers,
    labels,
    created,
    baseName: names?.image ?? record.names[0],
  });
  const summary: RebasedPlatform = {
    platform: formatPlatform(base.platform),
    before: app.manifestDigest,
    after: assembled.manifest.descriptor.digest,
    oldBase: record.names[0] ?? record.reference,
    newBase: displayLocation(base.pinned),
    layersRemoved: oldBaseLayers,
    layersAdded: base.layers.length,
    layersKept: app.layers.length - oldBaseLayers,
    labels: changedLabels(app.config.labels, labels),
  };
  return { assembled, summary };
}

function recordOf(app: Image, label: string): RunImageRecordOfLabel {
  const record = readRunImageRecord(label);
  if (record !== undefined && record.topLayer !== '') return record;
  const why =
    label === ''
      ? `it has no label ${LIFECYCLE_METADATA_LABEL}`
      : record === undefined
        ? `its label ${LIFECYCLE_METADATA_LABEL} is no JSON object`
        : 'it stands on no base (scratch)';
  throw new SlipwayError('REBASE_REFUSED', `rebase app image: could not find base layer in image: ${why}`, {
    hint: `only images made with buildpacks on a run image can be rebased; build ${displayLocation(app.requested)} again`,
  });
}

/** Up to the top layer of the old base: its last occurrence below the first layer that the label says is the app's. */
function countBaseLayers(app: Image, record: RunImageRecordOfLabel): number {
  const { diffIds } = app.config;
  const firstOfApp = diffIds.findIndex((diffId) => diffId !== record.topLayer && record.otherShas.includes(diffId));
  const below = firstOfApp < 0 ? diffIds : diffIds.slice(0, firstOfApp);
  const at = below.findLastIndex((diffId) => diffId === record.topLayer);
  if (at >= 0) return at + 1;
  throw new SlipwayError('REBASE_REFUSED', 'rebase app image: could not find base layer in image', {
    details: { 'base layer': record.topLayer },
    hint: 'the image was changed after it was built: build it again',
  });
}

/** `repo@digest`; a bare digest where the name would be a path of this machine (design §2.5). */
function referenceOf(base: Image): string {
  return base.pinned.kind === 'registry' ? displayLocation(base.pinned) : base.manifestDigest;
}

/** The app's labels with those that tell about the base taken from the new one (contract §17.7). */
function syncedLabels(app: Image, base: Image, features: PlatformFeatures): Readonly<Record<string, string>> {
  const prefixes = ['io.buildpacks.stack.', ...(features.hasTargets ? ['io.buildpacks.base.'] : [])];
  const isOfBase = ([key]: readonly [string, string]): boolean => prefixes.some((prefix) => key.startsWith(prefix));
  return Object.fromEntries([
    ...Object.entries(app.config.labels).filter((entry) => !isOfBase(entry)),
    ...Object.entries(base.config.labels).filter(isOfBase),
  ]);
}

function changedLabels(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.filter((key) => before[key] !== after[key]).sort();
}
