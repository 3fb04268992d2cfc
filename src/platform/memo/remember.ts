import type { MemoRecord } from '../../cache/memo-record.ts';
import { resolve } from 'node:path';
import type { Context } from '../../core/context.ts';
import { hasCode, messageOf, systemCode } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { formatLocation, isStandardStream, type Location } from '../../oci/location.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { readGroup } from '../../workspace/files.ts';
import { treeDigest } from '../../workspace/tree-digest.ts';
import { sbomsOf } from '../build/keep-sboms.ts';
import type { RunBuildInput } from '../run-build.ts';
import type { RunExportOutput } from '../run-export.ts';
import { memoKey } from './key.ts';
import type { MemoAnswer, MemoRequest } from './lookup.ts';
import { memoParts } from './parts.ts';
import { keepRecord, memoArea } from './records.ts';

type Begun = NonNullable<MemoAnswer['begun']>;

/**
 * True when the copy that buildpacks will work on is what the key says. Called before the first of them runs.
 */
export async function isCopyOf({ source }: Begun, input: RunBuildInput, ctx: Context): Promise<boolean> {
  return (await treeDigest(input.dirs.app.real, ctx)).digest === source.digest;
}

/**
 * Remembers the image of a build that went well. Nothing is remembered, and a notice says why, where an input changed meanwhile or an
 * extension took part, which may choose images that no key names. A cache that cannot be written to is a warning.
 */
export async function remember(
  request: MemoRequest,
  { begun, input, result }: { readonly begun: Begun; readonly input: RunBuildInput; readonly result: RunExportOutput },
  locator: Locator,
  ctx: Context,
): Promise<void> {
  const { options, outputs } = request;
  try {
    const why = (await extended(input)) ?? (await changedMeanwhile(request, begun, locator, ctx));
    if (why !== undefined) {
      notRemembered(why, ctx);
      return;
    }
    const key = memoKey(begun.parts);
    const { exported, launcher, platform } = result;
    const record: MemoRecord = {
      key,
      image: options.image,
      time: ctx.clock.now().toISOString(),
      product: ctx.product.version,
      parts: begun.parts,
      platform: formatPlatform(platform),
      images: imagesOf(request, result),
      layers: exported.layers.map(({ id, diffId, digest, size, status }) => {
        return { id, diffId, digest, size, isBase: status === 'referenced' };
      }),
      launcher: { kind: launcher.kind, reason: launcher.reason },
      places: outputs.flatMap(({ request: { location } }) => placeText(location, options.machine.cwd)),
      hasSboms: options.sbomOutputDir !== undefined,
    };
    const sboms = record.hasSboms ? sbomsOf(input.dirs) : undefined;
    await keepRecord(memoArea(options.machine), record, { sboms, entries: begun.source.entries }, ctx);
  } catch (error) {
    if (ctx.signal.aborted || (systemCode(error) === undefined && !hasCode(error, ...REFUSALS))) throw error;
    const message = `this build is not remembered: ${messageOf(error)}`;
    ctx.emit({ type: 'warning', code: 'CACHE_IGNORED', message });
  }
}

const REFUSALS = ['WRITE_FAILED', 'DISK_FULL', 'LOCK_TIMEOUT', 'FILE_NOT_READABLE', 'FILE_CHANGED'] as const;

export function notRemembered(why: string, ctx: Context): void {
  ctx.emit({ type: 'notice', subject: '--memo', message: `this build is not remembered: ${why}` });
}

/** They may name a run image that is looked up while the build runs. */
async function extended(input: RunBuildInput): Promise<string | undefined> {
  const extensions = (await readGroup(input.files.group)).filter(({ kind }) => kind === 'extension');
  return extensions.length === 0 ? undefined : 'extensions took part, which may choose other images each time';
}

/** The source is known by its copy; what is used where it lies is looked at again. */
async function changedMeanwhile(
  request: MemoRequest,
  begun: Begun,
  locator: Locator,
  ctx: Context,
): Promise<string | undefined> {
  const after = await memoParts(request, begun.source, locator, { ...ctx, emit: () => undefined });
  const names = after.flatMap(({ name, value }, index) => (begun.parts[index]?.value === value ? [] : [name]));
  return names.length === 0 ? undefined : `${names.join(', ')} changed while it ran`;
}

function imagesOf({ outputs }: MemoRequest, { exported }: RunExportOutput): MemoRecord['images'] {
  const found = outputs.map(({ compression }, index) => {
    return [compression, exported.outputs[index]?.digest ?? exported.digest] as const;
  });
  return [...new Map(found)].map(([compression, digest]) => ({ compression, digest }));
}

/** A store by itself, wherever it is looked for from; standard output is none. */
function placeText(location: Location, cwd: string): readonly string[] {
  if (isStandardStream(location) || location.kind === 'docker-daemon') return [];
  if (location.kind === 'registry') return [formatLocation(location)];
  if (location.kind === 'oci') return [formatLocation({ kind: 'oci', dir: resolve(cwd, location.dir) })];
  return [formatLocation({ kind: location.kind, file: resolve(cwd, location.file) })];
}
