import type { PlatformFeatures } from '../cnb/features.ts';
import type { BuildMetadata, Label } from '../cnb/process.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Platform } from '../oci/platform.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { DirectStart } from './direct-start.ts';
import { elfFits } from './elf-fits.ts';
import type { Obstacle } from './obstacle.ts';
import { shellLauncher } from './shell-launcher.ts';

/** Value of `-launcher` (design §1.2): a path, or one of four words. */
export type LauncherChoice =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'auto' | 'builder' | 'shell' | 'none' };

/** What starts the processes of an image. */
export type ChosenLauncher = LauncherFile | NoLauncher;

/** The file that becomes `/cnb/lifecycle/launcher`. */
interface LauncherFile {
  readonly kind: 'path' | 'builder' | 'shell';
  readonly bytes: Uint8Array;
  /** Why this one: for the log and report.toml. */
  readonly reason: string;
  /** Marks the image, so that a rebase knows what the new base must have. */
  readonly label?: Label;
}

/** No launcher: one process and its environment are in the image config. */
interface NoLauncher {
  readonly kind: 'none';
  readonly start: DirectStart;
  readonly reason: string;
  readonly label: Label;
}

export interface LauncherFacts {
  readonly metadata: BuildMetadata;
  readonly features: PlatformFeatures;
  /** Of the run image. */
  readonly platform: Platform;
  /** A file of the build environment; undefined when it does not exist. */
  readonly readFile: (path: string) => Promise<Uint8Array | undefined>;
  /** Whether the run image has `/bin/sh`. Asked at most once, and only when it matters. */
  readonly hasShell: () => Promise<boolean>;
  /** How the image starts without a launcher. Asked at most once, and only when it matters. */
  readonly direct: () => Promise<DirectStart | Obstacle>;
}

/** Where builder images keep the lifecycle's launcher. */
export const BUILDER_LAUNCHER: string = '/cnb/lifecycle/launcher';
const KIND_LABEL = 'io.slipway.launcher.kind';

/** A value with `/` is a path, `auto builder shell none` are words; all else throws `ARGUMENT_INVALID` (exit 3). */
export function parseLauncherChoice(text: string): LauncherChoice {
  if (text.includes('/')) return { kind: 'path', path: text };
  switch (text) {
    case 'auto':
    case 'builder':
    case 'shell':
    case 'none':
      return { kind: text };
    default:
      throw new SlipwayError('ARGUMENT_INVALID', `"${text}" is not a launcher`, {
        hint: 'write auto, builder, shell, none, or a path with a slash in it',
      });
  }
}

/**
 * Chooses the launcher of an image (design §1.2): `auto` is the builder's own if it fits the platform, else the shell program if the
 * run image has `/bin/sh`, else none if the image can start without. Throws `LAUNCHER_UNUSABLE` (exit 62) with the obstacles.
 */
export async function chooseLauncher(choice: LauncherChoice, facts: LauncherFacts): Promise<ChosenLauncher> {
  switch (choice.kind) {
    case 'path':
      return fromPath(choice.path, facts);
    case 'builder': {
      const found = await fromBuilder(facts);
      if ('kind' in found) return found;
      throw unusable(`the builder's launcher cannot be used: ${found.obstacle}`, { builder: found.obstacle });
    }
    case 'shell': {
      const found = await fromShell(facts, 'asked for');
      if ('kind' in found) return found;
      throw unusable(`the shell launcher cannot be used: ${found.obstacle}`, { shell: found.obstacle });
    }
    case 'none': {
      const found = await withoutLauncher(facts, 'asked for');
      if ('kind' in found) return found;
      throw unusable(`the image cannot do without a launcher: ${found.obstacle}`, { none: found.obstacle });
    }
    case 'auto': {
      const builder = await fromBuilder(facts);
      if ('kind' in builder) return builder;
      const shell = await fromShell(facts, builder.obstacle);
      if ('kind' in shell) return shell;
      const none = await withoutLauncher(facts, `${builder.obstacle}, ${shell.obstacle}`);
      if ('kind' in none) return none;
      throw unusable('no launcher fits the image', {
        builder: builder.obstacle,
        shell: shell.obstacle,
        none: none.obstacle,
      });
    }
  }
}

/**
 * What is known of a choice before anything is built. Throws as `chooseLauncher` where building would be in vain; else the obstacles
 * that leave `none` as the only way, which is decided when the layers are there.
 */
export async function foreseeLauncher(
  choice: LauncherChoice,
  facts: Pick<LauncherFacts, 'platform' | 'readFile' | 'hasShell'>,
): Promise<readonly string[]> {
  if (choice.kind === 'none') return [];
  if (choice.kind === 'path') {
    await fromPath(choice.path, facts);
    return [];
  }
  const builder = choice.kind === 'shell' ? undefined : await fromBuilder(facts);
  if (builder !== undefined && 'kind' in builder) return [];
  if (choice.kind === 'builder' && builder !== undefined)
    throw unusable(`the builder's launcher cannot be used: ${builder.obstacle}`, { builder: builder.obstacle });
  if (await facts.hasShell()) return [];
  if (choice.kind === 'shell') throw unusable(`the shell launcher cannot be used: ${NO_SHELL}`, { shell: NO_SHELL });
  return [...(builder === undefined ? [] : [builder.obstacle]), NO_SHELL];
}

const NO_SHELL = 'the run image has no /bin/sh';

async function fromPath(path: string, facts: Pick<LauncherFacts, 'readFile'>): Promise<LauncherFile> {
  const bytes = await facts.readFile(path);
  if (bytes === undefined) {
    throw unusable(
      `creating launcher layers: failed to stat launcher at path '${path}': stat ${path}: no such file or directory`,
      {},
    );
  }
  return { kind: 'path', bytes, reason: `${path}, as asked` };
}

async function fromBuilder(facts: Pick<LauncherFacts, 'platform' | 'readFile'>): Promise<LauncherFile | Obstacle> {
  const bytes = await facts.readFile(BUILDER_LAUNCHER);
  if (bytes === undefined) return { obstacle: `there is no ${BUILDER_LAUNCHER} here` };
  const misfit = elfFits(bytes, facts.platform);
  if (misfit !== undefined) return { obstacle: `${BUILDER_LAUNCHER} ${misfit}` };
  return { kind: 'builder', bytes, reason: `${BUILDER_LAUNCHER} fits ${formatPlatform(facts.platform)}` };
}

async function fromShell(facts: LauncherFacts, why: string): Promise<LauncherFile | Obstacle> {
  if (!(await facts.hasShell())) return { obstacle: NO_SHELL };
  const bytes = shellLauncher(facts.metadata, facts.features);
  const label = { key: KIND_LABEL, value: 'sh' };
  return { kind: 'shell', bytes, reason: `the run image has /bin/sh (${why})`, label };
}

async function withoutLauncher(facts: LauncherFacts, why: string): Promise<NoLauncher | Obstacle> {
  const start = await facts.direct();
  if ('obstacle' in start) return start;
  const reason = `the process ${start.process} can start without (${why})`;
  return { kind: 'none', start, reason, label: { key: KIND_LABEL, value: 'none' } };
}

function unusable(message: string, details: Readonly<Record<string, string>>): SlipwayError {
  return new SlipwayError('LAUNCHER_UNUSABLE', message, { details, hint: { kind: 'choose-launcher' } });
}
