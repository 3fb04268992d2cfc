import { isAbsolute, join, resolve } from 'node:path';
import type { ParsedFlags } from './go-flags.ts';
import { isGoDuration, parseGoBoolean, parseGoInteger } from './go-values.ts';
import { flagsOf, optionRow, type OptionName, type OptionRow, type Program } from './table.ts';

export interface ResolveInput {
  readonly program: Program;
  /** Platform API, `0.15`. */
  readonly api: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly flags: ParsedFlags;
  /** Whether a file is there: decides between the two places of order.toml. */
  readonly exists: (path: string) => boolean;
}

/** Where a value came from. */
export type ValueOrigin = 'flag' | 'env' | 'default' | 'none';

/**
 * The inputs of one program after flag > env > default and the path rules of contract §2. Variables are read for every input,
 * whatever the Platform API; only flags are gated by it. An empty variable counts as unset.
 */
export class OptionValues {
  readonly positionals: readonly string[];
  readonly #input: ResolveInput;
  readonly #layers: string;

  constructor(input: ResolveInput) {
    this.#input = input;
    this.positionals = input.flags.positionals;
    this.#layers = '';
    this.#layers = this.#raw(optionRow('layers')) ?? '/layers';
  }

  /** The text; undefined when nobody gave one and there is no default. Directories are absolute. */
  text(name: OptionName): string | undefined {
    const row = optionRow(name);
    if (name === 'order' && this.origin(name) === 'default') return this.#defaultOrder();
    const value = this.#raw(row);
    if (value === undefined || value === '') return undefined;
    return row.kind === 'directory' ? resolve(this.#input.cwd, value) : value;
  }

  /** A text that always has a value, by flag, variable or default. */
  required(name: OptionName): string {
    const value = this.text(name);
    if (value === undefined) throw new Error(`option ${name} has no default`);
    return value;
  }

  /** A file's path as the program opens it: absolute against the working directory. */
  path(name: OptionName): string {
    return resolve(this.#input.cwd, this.required(name));
  }

  /** As `path`; undefined when not given. */
  optionalPath(name: OptionName): string | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : resolve(this.#input.cwd, value);
  }

  boolean(name: OptionName): boolean {
    return parseGoBoolean(this.#raw(optionRow(name)) ?? '') ?? false;
  }

  /** 0 when a variable cannot be read as a number. */
  integer(name: OptionName): number {
    return parseGoInteger(this.#raw(optionRow(name)) ?? '') ?? 0;
  }

  /** The default when a variable is no duration. */
  duration(name: OptionName): string {
    const value = this.required(name);
    return isGoDuration(value) ? value : (optionRow(name).fallback ?? value);
  }

  /** Variable (comma separated) and flags together. */
  list(name: OptionName): readonly string[] {
    const row = optionRow(name);
    const fromEnv = this.#fromEnv(row) ?? '';
    return [...fromEnv.split(','), ...(this.#input.flags.values.get(name) ?? [])]
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  origin(name: OptionName): ValueOrigin {
    const row = optionRow(name);
    if (this.#fromFlag(row) !== undefined) return 'flag';
    if (this.#fromEnv(row) !== undefined) return 'env';
    return row.fallback === undefined ? 'none' : 'default';
  }

  /** The variable's own value, which a flag may have overridden. */
  envText(name: OptionName): string | undefined {
    return this.#fromEnv(optionRow(name));
  }

  #raw(row: OptionRow): string | undefined {
    return this.#fromFlag(row) ?? this.#fromEnv(row) ?? this.#fromDefault(row);
  }

  #fromFlag(row: OptionRow): string | undefined {
    return this.#input.flags.values.get(row.name)?.at(-1);
  }

  #fromEnv(row: OptionRow): string | undefined {
    const value = row.env === undefined ? undefined : this.#input.env[row.env];
    return value === '' ? undefined : value;
  }

  #fromDefault(row: OptionRow): string | undefined {
    return row.fallback?.startsWith('<layers>/') === true
      ? join(this.#layers, row.fallback.slice('<layers>/'.length))
      : row.fallback;
  }

  /** order.toml in the layers directory wins over the builder's (contract §2). */
  #defaultOrder(): string {
    const inLayers = join(this.#layers, 'order.toml');
    const absolute = isAbsolute(inLayers) ? inLayers : resolve(this.#input.cwd, inLayers);
    return this.#input.exists(absolute) ? inLayers : '/cnb/order.toml';
  }
}

/** The flags of a program for `parseGoFlags`. */
export function flagSpecs(program: Program, api: string): readonly OptionRow[] {
  return flagsOf(program, api);
}
