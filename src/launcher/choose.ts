import type { PlatformFeatures } from '../cnb/features.ts';
import type { BuildMetadata, Label } from '../cnb/process.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Platform } from '../oci/platform.ts';
import { formatPlatform } from '../oci/platform.ts';
import { elfFits } from './elf-fits.ts';
import { shellLauncher } from './shell-launcher.ts';

/** Value of `-launcher` (design §1.2): a path, or one of four words. */
export type LauncherChoice =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'auto' | 'builder' | 'shell' };

/** The file that becomes `/cnb/lifecycle/launcher`. */
export interface ChosenLauncher {
  readonly kind: 'path' | 'builder' | 'shell';
  readonly bytes: Uint8Array;
  /** Why this one: for the log and report.toml. */
  readonly reason: string;
  /** Marks the image, so that a rebase knows what the new base must have. */
  readonly label?: Label;
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
}

/** Where builder images keep the lifecycle's launcher. */
const BUILDER_LAUNCHER: string = '/cnb/lifecycle/launcher';
const SHELL_LAUNCHER_LABEL: Label = { key: 'io.slipway.launcher.kind', value: 'sh' };

/** A value with `/` is a path, `auto builder shell` are words; all else throws `ARGUMENT_INVALID` (exit 3), `none` `NOT_SUPPORTED`. */
export function parseLauncherChoice(text: string): LauncherChoice {
  if (text.includes('/')) return { kind: 'path', path: text };
  switch (text) {
    case 'auto':
    case 'builder':
    case 'shell':
      return { kind: text };
    case 'none':
      throw new SlipwayError('NOT_SUPPORTED', 'an image without launcher cannot be made yet', {
        exit: 3,
        hint: { kind: 'choose-launcher' },
      });
    default:
      throw new SlipwayError('ARGUMENT_INVALID', `"${text}" is not a launcher`, {
        hint: 'write auto, builder, shell, or a path with a slash in it',
      });
  }
}

/**
 * Chooses the launcher of an image (design §1.2): `auto` is the builder's own if it fits the platform, else the shell program if the
 * run image has `/bin/sh`. Throws `LAUNCHER_UNUSABLE` (exit 62) with the obstacles and the ways out.
 */
export async function chooseLauncher(choice: LauncherChoice, facts: LauncherFacts): Promise<ChosenLauncher> {
  switch (choice.kind) {
    case 'path':
      return fromPath(choice.path, facts);
    case 'builder': {
      const found = await fromBuilder(facts);
      if ('bytes' in found) return found;
      throw unusable(`the builder's launcher cannot be used: ${found.obstacle}`, { builder: found.obstacle });
    }
    case 'shell': {
      const found = await fromShell(facts, 'asked for');
      if ('bytes' in found) return found;
      throw unusable(`the shell launcher cannot be used: ${found.obstacle}`, { shell: found.obstacle });
    }
    case 'auto': {
      const builder = await fromBuilder(facts);
      if ('bytes' in builder) return builder;
      const shell = await fromShell(facts, builder.obstacle);
      if ('bytes' in shell) return shell;
      throw unusable('no launcher fits the image', { builder: builder.obstacle, shell: shell.obstacle });
    }
  }
}

interface Obstacle {
  readonly obstacle: string;
}

async function fromPath(path: string, facts: LauncherFacts): Promise<ChosenLauncher> {
  const bytes = await facts.readFile(path);
  if (bytes === undefined) {
    throw unusable(
      `creating launcher layers: failed to stat launcher at path '${path}': stat ${path}: no such file or directory`,
      {},
    );
  }
  return { kind: 'path', bytes, reason: `${path}, as asked` };
}

async function fromBuilder(facts: LauncherFacts): Promise<ChosenLauncher | Obstacle> {
  const bytes = await facts.readFile(BUILDER_LAUNCHER);
  if (bytes === undefined) return { obstacle: `there is no ${BUILDER_LAUNCHER} here` };
  const misfit = elfFits(bytes, facts.platform);
  if (misfit !== undefined) return { obstacle: `${BUILDER_LAUNCHER} ${misfit}` };
  return { kind: 'builder', bytes, reason: `${BUILDER_LAUNCHER} fits ${formatPlatform(facts.platform)}` };
}

async function fromShell(facts: LauncherFacts, why: string): Promise<ChosenLauncher | Obstacle> {
  if (!(await facts.hasShell())) return { obstacle: 'the run image has no /bin/sh' };
  const bytes = shellLauncher(facts.metadata, facts.features);
  return { kind: 'shell', bytes, reason: `the run image has /bin/sh (${why})`, label: SHELL_LAUNCHER_LABEL };
}

function unusable(message: string, details: Readonly<Record<string, string>>): SlipwayError {
  return new SlipwayError('LAUNCHER_UNUSABLE', message, { details, hint: { kind: 'choose-launcher' } });
}
