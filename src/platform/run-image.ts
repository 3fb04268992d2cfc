import type { PlatformFeatures } from '../cnb/features.ts';
import type { RunImageEntry } from '../cnb/files/run.ts';
import { writtenOutName } from '../cnb/run-image-name.ts';
import type { Context } from '../core/context.ts';
import { hasCode, SlipwayError } from '../core/errors.ts';
import { readName, type NameRules } from '../options/names.ts';
import type { RunImageChoice } from '../options/phase-inputs.ts';
import type { RunImageCandidate } from '../phases/analyze.ts';
import { readRun, readStack } from '../workspace/files.ts';

/**
 * The run images to try (contract §9.1): the one that was named; else image and mirrors of run.toml's first entry as listed, of which
 * analyze takes those on the output's registry first. One that is no reference is skipped with a warning. Throws `RUN_IMAGE_UNKNOWN`
 * (exit 3) when nothing names one, and what is wrong with the first when none is a reference.
 */
export function runImageCandidates(
  choice: RunImageChoice,
  entries: readonly RunImageEntry[],
  { names, features }: { readonly names: NameRules; readonly features: PlatformFeatures },
  ctx: Context,
): readonly RunImageCandidate[] | { readonly kind: 'scratch' } {
  switch (choice.kind) {
    case 'scratch':
      return { kind: 'scratch' };
    case 'named':
      return [choice.image];
    case 'from-file': {
      const [first] = entries;
      if (first === undefined) {
        throw new SlipwayError(
          'RUN_IMAGE_UNKNOWN',
          features.hasRunToml
            ? 'failed to resolve inputs: -run-image is required when there is no run metadata available'
            : 'failed to resolve inputs: missing run image metadata (-run-image)',
          { hint: { kind: 'choose-run-image' } },
        );
      }
      return readable([first.image, ...first.mirrors], names, ctx);
    }
  }
}

function readable(texts: readonly string[], names: NameRules, ctx: Context): readonly RunImageCandidate[] {
  const candidates: RunImageCandidate[] = [];
  const invalid: SlipwayError[] = [];
  for (const text of texts) {
    try {
      candidates.push(readName(text, names));
    } catch (error) {
      if (!hasCode(error, 'REFERENCE_INVALID')) throw error;
      invalid.push(error);
    }
  }
  const [firstError] = invalid;
  if (candidates.length === 0 && firstError !== undefined) throw firstError;
  for (const { message } of invalid)
    ctx.emit({ type: 'warning', code: 'RUN_IMAGE_SKIPPED', message: `run image skipped: ${message}` });
  return candidates;
}

/** The entries of run.toml, or the one of stack.toml below Platform API 0.12. */
export async function readRunEntries(
  inputs: { readonly runToml: string; readonly features: PlatformFeatures },
  ctx: Context,
): Promise<readonly RunImageEntry[]> {
  const read = inputs.features.hasRunToml ? readRun : readStack;
  return read(inputs.runToml, ctx);
}

/** What the label says about a run image. */
export interface RunImageRecord {
  readonly image?: string;
  readonly mirrors?: readonly string[];
  /** A warning that goes with it. */
  readonly warning?: string;
}

/**
 * A run image is recorded as its entry in run.toml. One that run.toml has not is recorded alone, never as run.toml's first entry, to
 * which a rebase would then go (contract GAP-35). Without run.toml the lifecycle records nothing.
 */
export function runImageRecord(
  image: string | undefined,
  entries: readonly RunImageEntry[],
  file: 'run.toml' | 'stack.toml' = 'run.toml',
): RunImageRecord {
  if (image === undefined || entries.length === 0) return {};
  const entry = entryOf(image, entries);
  if (entry === undefined)
    return { image, warning: `Run image ${image} is not in ${file}; it is recorded without mirrors` };
  return { image: entry.image, ...(entry.mirrors.length === 0 ? {} : { mirrors: entry.mirrors }) };
}

/** The first entry of run.toml that has the image, as itself or as a mirror; tags and registries are compared written out. */
export function entryOf(image: string, entries: readonly RunImageEntry[]): RunImageEntry | undefined {
  const wanted = writtenOutName(image);
  return entries.find((each) => [each.image, ...each.mirrors].some((name) => writtenOutName(name) === wanted));
}
