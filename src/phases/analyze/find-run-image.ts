import type { Context } from '../../core/context.ts';
import { SlipwayError, type ErrorOptions, type Remedy } from '../../core/errors.ts';
import type { Location } from '../../oci/location.ts';
import type { Platform } from '../../oci/platform.ts';
import type { ImageFinder } from '../../ports/image-finder.ts';
import type { Image } from '../../ports/image.ts';
import type { RunImageCandidate } from '../analyze.ts';

export interface RunImageSearch {
  readonly candidates: readonly RunImageCandidate[];
  /** Where the app image goes: candidates of its registry are tried first (contract §9.1). */
  readonly output: Location | undefined;
  readonly target: Platform | undefined;
}

export interface FoundRunImage {
  readonly image: Image;
  /** As provided. */
  readonly name: string;
}

interface Refusal {
  readonly name: string;
  readonly error: SlipwayError;
}

/**
 * The first candidate that can be used: resolved once, for the target, with everything in agreement (design §2.3). Throws
 * `RUN_IMAGE_UNUSABLE` (exit 32) with each candidate's reason, `RUN_IMAGE_UNKNOWN` (exit 3) without a candidate.
 */
export async function findRunImage(search: RunImageSearch, images: ImageFinder, ctx: Context): Promise<FoundRunImage> {
  const refused: Refusal[] = [];
  const candidates = inOrder(search, images);
  for (const candidate of candidates.all) {
    const { location, name } = candidate;
    const shown = shownName(candidate);
    try {
      const options = search.target === undefined ? {} : { target: search.target };
      const image = await images.find(location, 'run image', ctx, options);
      for (const refusal of refused) warnOf(refusal, shown, ctx);
      logChoice(candidates, refused, shown, ctx);
      return { image, name };
    } catch (error) {
      if (ctx.signal.aborted || !(error instanceof SlipwayError)) throw error;
      refused.push({ name: shown, error });
    }
  }
  throw unusable(refused);
}

interface Ordered {
  readonly all: readonly RunImageCandidate[];
  /** How many of them, at the beginning, are on the output's registry. */
  readonly near: number;
}

/** Those on the output's registry first, otherwise as given. */
function inOrder(search: RunImageSearch, images: ImageFinder): Ordered {
  const { candidates, output } = search;
  const isNear = ({ location }: RunImageCandidate): boolean =>
    output !== undefined && images.sameRegistry(location, output);
  const near = candidates.filter(isNear);
  return { all: [...near, ...candidates.filter((candidate) => !isNear(candidate))], near: near.length };
}

/** Says why one of several was taken, and which were not tried. */
function logChoice({ all, near }: Ordered, refused: readonly Refusal[], chosen: string, ctx: Context): void {
  if (all.length < 2) return;
  const at = refused.length;
  const first = at === 0 ? 'it is the first' : 'it is the first that can be used';
  const others = near === 0 ? "none is on the image's registry" : "those on the image's registry cannot be used";
  const reason = at < near ? `${first} on the image's registry` : `${others}, ${first}`;
  ctx.emit({ type: 'log', level: 'info', message: `Run image ${chosen} is taken: ${reason}` });
  for (const candidate of all.slice(at + 1)) {
    const message = `Run image ${shownName(candidate)} is not tried: ${chosen} can be used`;
    ctx.emit({ type: 'log', level: 'debug', message });
  }
}

function shownName({ name, shown }: RunImageCandidate): string {
  return shown ?? name;
}

function warnOf({ name, error }: Refusal, chosen: string, ctx: Context): void {
  const message = `run image ${name} cannot be used (${error.message}); ${chosen} is used instead`;
  ctx.emit({ type: 'warning', code: 'RUN_IMAGE_SKIPPED', message });
}

function unusable(refused: readonly Refusal[]): SlipwayError {
  const [first, ...others] = refused;
  if (first === undefined)
    throw new SlipwayError('RUN_IMAGE_UNKNOWN', '-run-image is required when there is no run metadata available', {
      hint: { kind: 'choose-run-image' },
    });
  const { error, name } = first;
  const options: ErrorOptions = { cause: error, hint: wayOut(error) };
  if (others.length === 0) {
    const reason = error.message.includes(name) ? error.message : `${name}: ${error.message}`;
    return new SlipwayError('RUN_IMAGE_UNUSABLE', `the run image cannot be used: ${reason}`, {
      ...options,
      details: { tried: name, ...noteOf(error), ...error.details },
    });
  }
  const reasons = refused.map((refusal) => `${refusal.name}: ${refusal.error.message}`);
  return new SlipwayError(
    'RUN_IMAGE_UNUSABLE',
    `none of ${String(refused.length)} run images can be used: ${refused.map((refusal) => refusal.name).join(', ')}`,
    { ...options, details: { ...allDetails(refused), tried: reasons.join('; ') } },
  );
}

/** The cause's own words where its advice is replaced. */
function noteOf(error: SlipwayError): Readonly<Record<string, string>> {
  return error.code === 'IMAGE_NOT_FOUND' && error.hint?.kind === 'text' ? { note: error.hint.text } : {};
}

/** What the cause advises; where there is no such image, another name is the way out. */
function wayOut(error: SlipwayError): Remedy {
  const isMissing = error.code === 'IMAGE_NOT_FOUND' && error.hint?.kind === 'text';
  return error.hint === undefined || isMissing ? { kind: 'choose-run-image' } : error.hint;
}

/** What was found out about all of them; of the same fact told twice, the first candidate's. */
function allDetails(refused: readonly Refusal[]): Readonly<Record<string, string>> {
  return refused.reduceRight<Readonly<Record<string, string>>>(
    (details, { error }) => ({ ...details, ...error.details }),
    {},
  );
}
