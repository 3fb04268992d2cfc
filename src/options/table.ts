import { ROWS } from './table-rows.ts';

/** The drop-in programs that read this table (contract §1.1). */
export type Program =
  'analyzer' | 'detector' | 'restorer' | 'extender' | 'builder' | 'exporter' | 'creator' | 'rebaser';

export const PROGRAMS: readonly Program[] = [
  'analyzer',
  'detector',
  'restorer',
  'extender',
  'builder',
  'exporter',
  'creator',
  'rebaser',
];

/**
 * `string`, `boolean` and `integer` as Go's flag package reads them; `strings` repeats and appends; a `directory` is made absolute
 * against the working directory, a `file` is not (contract §2).
 */
export type OptionKind = 'string' | 'boolean' | 'integer' | 'duration' | 'strings' | 'directory' | 'file';

/** One input: where it comes from and which program takes it as a flag. */
export interface OptionRow {
  readonly name: OptionName;
  readonly env?: string;
  /** `<layers>` at the start stands for the final layers directory. */
  readonly fallback?: string;
  readonly kind: OptionKind;
  /**
   * Platform APIs for which a program defines the flag: `all`, `≥0.12`, `<0.12`. A program that is not named takes no flag of that
   * name, though it may still read the variable.
   */
  readonly flags: Readonly<Partial<Record<Program, string>>>;
  /** Ours, not the contract's (design §1.2). */
  readonly isOurs?: boolean;
  readonly help: string;
}

export type OptionName =
  | 'analyzed'
  | 'app'
  | 'build-config'
  | 'build-image'
  | 'buildpacks'
  | 'cache-dir'
  | 'cache-image'
  | 'compression'
  | 'daemon'
  | 'extended'
  | 'extensions'
  | 'force'
  | 'generated'
  | 'gid'
  | 'group'
  | 'image'
  | 'insecure-registry'
  | 'kaniko-cache-ttl'
  | 'kind'
  | 'launch-cache'
  | 'launcher'
  | 'launcher-sbom'
  | 'layers'
  | 'layout'
  | 'layout-dir'
  | 'log-level'
  | 'no-color'
  | 'no-index'
  | 'order'
  | 'parallel'
  | 'plan'
  | 'platform'
  | 'previous-image'
  | 'process-type'
  | 'project-metadata'
  | 'report'
  | 'run'
  | 'run-image'
  | 'run-image-name'
  | 'skip-layers'
  | 'skip-restore'
  | 'stack'
  | 'strict'
  | 'strict-targets'
  | 'system'
  | 'tag'
  | 'target'
  | 'uid'
  | 'verify-index'
  | 'version';

export const OPTIONS: readonly OptionRow[] = ROWS;

/** The row of an option; every name has one. */
export function optionRow(name: OptionName): OptionRow {
  const row = OPTIONS.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`the option table has no row ${name}`);
  return row;
}

/** The flags that a program defines for a Platform API, in order of name. */
export function flagsOf(program: Program, api: string): readonly OptionRow[] {
  return OPTIONS.filter((row) => {
    const range = row.flags[program];
    return range !== undefined && isInRange(range, api);
  });
}

/** `all`, `≥0.12` or `<0.12` against `0.15`. */
export function isInRange(range: string, api: string): boolean {
  if (range === 'all') return true;
  const minor = minorOf(api);
  return range.startsWith('<') ? minor < minorOf(range.slice(1)) : minor >= minorOf(range.slice(1));
}

function minorOf(api: string): number {
  return Number(api.split('.')[1] ?? '0');
}
