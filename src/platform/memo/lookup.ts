import type { MemoPart, MemoRecord } from '../../cache/memo-record.ts';
import type { Context } from '../../core/context.ts';
import { messageOf, SlipwayError, systemCode } from '../../core/errors.ts';
import type { ChangedPart, MemoFinding } from '../../core/events.ts';
import type { Locator } from '../../locate/locator.ts';
import { treeDigest, type TreeDigest } from '../../workspace/tree-digest.ts';
import type { BuildOptions } from '../build/options.ts';
import { ownPaths } from '../build/work-tree.ts';
import type { Project } from '../descriptor/open-project.ts';
import { changedFiles, changedParts } from './changed.ts';
import { memoKey } from './key.ts';
import { memoObstacle } from './obstacle.ts';
import { memoParts, SOURCE_PART, type MemoSubject } from './parts.ts';
import { findRecord, lastRecord, memoArea, readListing } from './records.ts';
import { planRetag, type RetagStep, type WantedOutput } from './retag.ts';

/** Entries of a source that are told one by one, so that a miss can name files. */
const MAX_LISTED = 20_000;

/** A build that is looked up. */
export interface MemoRequest extends MemoSubject {
  readonly project: Pick<Project, 'app' | 'files'>;
  readonly outputs: readonly WantedOutput[];
}

/** What was found. */
export interface MemoAnswer {
  readonly finding: MemoFinding;
  /** Of a hit. */
  readonly hit?: { readonly record: MemoRecord; readonly steps: readonly RetagStep[] };
  /** What is remembered of the build that follows; absent: nothing. */
  readonly begun?: { readonly parts: readonly MemoPart[]; readonly source: TreeDigest };
}

/**
 * Looks for an image of the very same inputs that is still there. Writes nothing. What keeps it from knowing is in the answer: the build
 * says it in its own words. Throws only when it is stopped.
 */
export async function lookUp(request: MemoRequest, locator: Locator, ctx: Context): Promise<MemoAnswer> {
  const obstacle = memoObstacle(request.options);
  if (obstacle !== undefined) return off(obstacle);
  try {
    const source = await sourceDigest(request, ctx);
    const parts = await memoParts(request, source, locator, ctx);
    return await answer(request, { source, parts }, locator, ctx);
  } catch (error) {
    if (ctx.signal.aborted || (!(error instanceof SlipwayError) && systemCode(error) === undefined)) throw error;
    return off(messageOf(error));
  }
}

/** What `project` is built of, before anything is copied. */
async function sourceDigest({ options, project }: MemoRequest, ctx: Context): Promise<TreeDigest> {
  return treeDigest(project.app.directory, ctx, {
    skip: new Set(await ownPaths(options)),
    ...(project.files === undefined ? {} : { filter: project.files }),
    maxEntries: MAX_LISTED,
  });
}

function off(reason: string): MemoAnswer {
  return { finding: { verdict: 'off', reason, parts: [], changed: [] } };
}

async function answer(
  request: MemoRequest,
  begun: NonNullable<MemoAnswer['begun']>,
  locator: Locator,
  ctx: Context,
): Promise<MemoAnswer> {
  const { options, outputs } = request;
  const key = memoKey(begun.parts);
  const said = { key, parts: begun.parts, changed: [] };
  if (options.clearCache === true)
    return { finding: { ...said, verdict: 'refresh', reason: 'nothing is looked up with --clear-cache' }, begun };
  const area = memoArea(options.machine);
  const record = await findRecord(area, key, ctx);
  if (record === undefined) return { finding: { ...said, verdict: 'miss', ...(await missed(options, begun)) }, begun };
  const why = wantsSboms(options) && !record.hasSboms ? 'its SBOM files were not kept' : undefined;
  const steps = why ?? (await planRetag(record, outputs, locator, ctx));
  if (typeof steps === 'string')
    return { finding: { ...said, verdict: 'miss', reason: `this was built at ${record.time}, but ${steps}` }, begun };
  const [first] = steps;
  const digest = first?.from.walked.top.descriptor.digest;
  return {
    finding: {
      ...said,
      verdict: 'hit',
      reason: `built at ${record.time} as ${record.image}`,
      builtAt: record.time,
      ...(digest === undefined ? {} : { digest }),
    },
    hit: { record, steps },
    begun,
  };
}

function wantsSboms({ sbomOutputDir }: BuildOptions): boolean {
  return sbomOutputDir !== undefined;
}

/** What is other than at the last build of that name. */
async function missed(
  { image, machine }: BuildOptions,
  { parts, source }: NonNullable<MemoAnswer['begun']>,
): Promise<Pick<MemoFinding, 'reason' | 'changed'>> {
  const area = memoArea(machine);
  const last = await lastRecord(area, image);
  if (last === undefined) return { reason: `no build of ${image} is remembered`, changed: [] };
  const listing = source.entries === undefined ? undefined : await readListing(area, last.key);
  const changed = changedParts(last.parts, parts).map((each): ChangedPart => {
    if (each.part !== SOURCE_PART || listing === undefined || source.entries === undefined) return each;
    return { ...each, note: changedFiles(listing, source.entries) };
  });
  return { reason: `other than at the last build of ${image}, at ${last.time}`, changed };
}
