import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { RebasedPlatform } from '../core/events.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { encodeIndex, type ImageIndex } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { putImage } from '../store/copy.ts';
import { IMAGE_NAME, REF_NAME } from '../store/image-names.ts';
import type { FoundRunImage } from './analyze/find-run-image.ts';
import type { ExportSink, OutputResult } from './export.ts';
import { saveOutputs } from './export/save-outputs.ts';
import { imageContent, type OutputContent } from './export/write-outputs.ts';
import type { AppImages } from './rebase/find-app.ts';
import { rebaseOne, type RebasedImage, type RebaseRules } from './rebase/rebase-one.ts';
import { withTimer } from './timer.ts';

export interface RebaseInput extends RebaseRules {
  readonly app: AppImages;
  /** The new base of each of the app's entries, in their order. */
  readonly bases: readonly FoundRunImage[];
}

export interface RebasePorts {
  /** Where the result goes; undefined in a dry run. */
  readonly sinks: readonly ExportSink[] | undefined;
}

export interface RebaseOutput {
  /** Of the manifest, or of the index when a whole one was rebased. */
  readonly digest: Digest;
  /** Of the image; not of an index, which has none. */
  readonly configDigest?: Digest;
  /** In bytes. */
  readonly manifestSize: number;
  readonly platforms: readonly RebasedPlatform[];
  /** In the order of the sinks; empty in a dry run. A failed one carries its error; nothing is thrown for it. */
  readonly outputs: readonly OutputResult[];
}

/**
 * Puts an image, or every image of an index, onto another base (contract §17): new configs and manifests over the layers that are
 * there. Nothing is written when one of them is refused. Throws `REBASE_REFUSED` (exit 72). Sinks stay the caller's to dispose.
 */
export function rebase(input: RebaseInput, ports: RebasePorts, ctx: Context): Promise<RebaseOutput> {
  const { app, bases } = input;
  return withTimer('Rebaser', ctx, async () => {
    const rebased: RebasedImage[] = [];
    for (const [at, { image }] of app.entries.entries()) {
      const base = bases[at];
      if (base === undefined) throw new SlipwayError('INTERNAL', 'an image to rebase has no base');
      rebased.push(await namingPlatform(app, formatPlatform(image.platform), () => rebaseOne(image, base, input, ctx)));
    }
    const content = contentOf(app, rebased);
    if (app.attestations > 0) warnOfAttestations(app.attestations, ctx);
    const { descriptor } = content.manifest;
    const filled = ports.sinks?.map((output) => ({ output, content }));
    const outputs = filled === undefined ? [] : await saveOutputs(descriptor, filled, ctx);
    const { digest, size } = descriptor;
    const platforms = rebased.map(({ summary }) => summary);
    const [first] = rebased;
    const isOne = app.index === undefined && first !== undefined;
    const config = isOne ? { configDigest: first.assembled.config.descriptor.digest } : {};
    return { digest, ...config, manifestSize: size, platforms, outputs };
  });
}

/** One manifest, or an index over all of them that says what the old one said. */
function contentOf(app: AppImages, rebased: readonly RebasedImage[]): OutputContent {
  const [first] = rebased;
  if (first === undefined) throw new SlipwayError('INTERNAL', 'there is no image to rebase');
  if (app.index === undefined) return imageContent(first.assembled);
  const manifest = encodeIndex({
    ...withoutNames(app.index),
    manifests: rebased.map((image, at) => entryOf(image, app, at)),
  });
  return {
    manifest,
    put: async (sink, names, ctx) => {
      for (const { assembled } of rebased) await putImage(assembled, sink, ctx, { names: [] });
      await sink.putManifest(manifest, ctx);
      for (const name of names) sink.tag(name, manifest.descriptor);
    },
  };
}

/** Names belong to the index of a store (design §1.2). */
function withoutNames(index: ImageIndex): ImageIndex {
  const annotations = Object.entries(index.annotations).filter(([key]) => key !== REF_NAME && key !== IMAGE_NAME);
  return { ...index, annotations: Object.fromEntries(annotations) };
}

function entryOf({ assembled }: RebasedImage, app: AppImages, at: number): Descriptor {
  const old = app.entries[at]?.entry;
  const { platform } = assembled;
  const variant = platform.variant ?? old?.platform?.variant;
  return {
    ...assembled.manifest.descriptor,
    platform: { ...platform, ...(variant === undefined ? {} : { variant }) },
    ...(old?.annotations === undefined ? {} : { annotations: old.annotations }),
    ...(old?.artifactType === undefined ? {} : { artifactType: old.artifactType }),
  };
}

/** Of several platforms, an error says which one it is about. */
async function namingPlatform<T>(app: AppImages, platform: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof SlipwayError) || app.entries.length < 2) throw error;
    throw new SlipwayError(error.code, error.message, {
      details: { platform, ...error.details },
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.exit === undefined ? {} : { exit: error.exit }),
    });
  }
}

function warnOfAttestations(count: number, ctx: Context): void {
  const message = `${String(count)} attestation${count === 1 ? '' : 's'} of the index tell of manifests that are replaced: they are left out`;
  ctx.emit({ type: 'warning', code: 'ATTESTATIONS_DROPPED', message });
}
