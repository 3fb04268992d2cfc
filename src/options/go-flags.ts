import { isGoDuration, parseGoBoolean } from './go-values.ts';

/** A flag that a program defines, as far as Go's flag package cares. */
export interface FlagSpec {
  readonly name: string;
  readonly kind: 'string' | 'boolean' | 'integer' | 'duration' | 'strings' | 'directory' | 'file';
  readonly help: string;
  /** Shown in the usage text. */
  readonly fallback?: string;
}

export interface ParsedFlags {
  /** Every value given, in order; a boolean as `true` or `false`. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** What stands from the first non-flag word on. */
  readonly positionals: readonly string[];
}

export type GoFlagsResult =
  | { readonly kind: 'parsed'; readonly parsed: ParsedFlags }
  /** `-h`, `-help`: usage on stderr, exit 0. */
  | { readonly kind: 'help'; readonly usage: string }
  /** Message and usage on stderr, exit 2. */
  | { readonly kind: 'error'; readonly message: string; readonly usage: string };

/**
 * Reads arguments by the rules of Go's flag package (contract §1.2): `-x v`, `-x=v` and `--x` are the same; a boolean takes a value
 * only as `-b=v`; reading stops at the first word that is no flag, at `-`, or after `--`. The last value of a flag counts, `strings`
 * keep all.
 */
export function parseGoFlags(specs: readonly FlagSpec[], argv: readonly string[]): GoFlagsResult {
  const values = new Map<string, readonly string[]>();
  const fail = (message: string): GoFlagsResult => ({ kind: 'error', message, usage: usageOf(specs) });
  let index = 0;
  while (index < argv.length) {
    const word = argv[index] ?? '';
    if (word.length < 2 || !word.startsWith('-')) break;
    index += 1;
    if (word === '--') break;
    const text = word.startsWith('--') ? word.slice(2) : word.slice(1);
    if (text === '' || text.startsWith('-') || text.startsWith('=')) return fail(`bad flag syntax: ${word}`);
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const spec = specs.find((candidate) => candidate.name === name);
    if (spec === undefined) {
      if (name === 'h' || name === 'help') return { kind: 'help', usage: usageOf(specs) };
      return fail(`flag provided but not defined: -${name}`);
    }
    let value: string | undefined = equals < 0 ? undefined : text.slice(equals + 1);
    if (value === undefined && spec.kind === 'boolean') value = 'true';
    if (value === undefined) {
      if (index >= argv.length) return fail(`flag needs an argument: -${name}`);
      value = argv[index] ?? '';
      index += 1;
    }
    const problem = checkValue(spec, value);
    if (problem !== undefined) return fail(problem);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return { kind: 'parsed', parsed: { values, positionals: argv.slice(index) } };
}

function checkValue(spec: FlagSpec, value: string): string | undefined {
  if (spec.kind === 'boolean' && parseGoBoolean(value) === undefined)
    return `invalid boolean value ${JSON.stringify(value)} for -${spec.name}: parse error`;
  if (spec.kind === 'integer' && !/^[+-]?(?:\d+|0x[0-9a-f]+|0o[0-7]+|0b[01]+)$/i.test(value))
    return `invalid value ${JSON.stringify(value)} for flag -${spec.name}: parse error`;
  if (spec.kind === 'duration' && !isGoDuration(value))
    return `invalid value ${JSON.stringify(value)} for flag -${spec.name}: parse error`;
  return undefined;
}

/** The flag list as Go prints it: sorted, a tab-indented help line each. */
function usageOf(specs: readonly FlagSpec[]): string {
  const sorted = [...specs].sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = sorted.map((spec) => `  -${spec.name}${valueWord(spec)}\n    \t${spec.help}${defaultOf(spec)}`);
  return `Usage of lifecycle:\n${lines.join('\n')}\n`;
}

function valueWord(spec: FlagSpec): string {
  switch (spec.kind) {
    case 'boolean':
      return '';
    case 'integer':
      return ' int';
    case 'strings':
      return ' value';
    case 'duration':
      return ' duration';
    case 'string':
    case 'file':
    case 'directory':
      return ' string';
  }
}

function defaultOf(spec: FlagSpec): string {
  if (spec.fallback === undefined || spec.fallback === '0') return '';
  return spec.kind === 'boolean' || spec.kind === 'duration'
    ? ` (default ${spec.fallback})`
    : ` (default ${JSON.stringify(spec.fallback)})`;
}
