import { messageOf, SlipwayError } from '../core/errors.ts';
import { alignColumns } from './columns.ts';
import { cleanLine } from './output-line.ts';
import { remedyText, type FrontEnd } from './remedies.ts';
import type { Symbols } from './symbols.ts';

/** An error as every renderer shows it. */
export interface ErrorFacts {
  readonly code: string;
  readonly message: string;
  /** Labelled facts, in order. */
  readonly details: Readonly<Record<string, string>>;
  /** What to do. */
  readonly action: string | undefined;
}

/** Anything thrown → facts. What is no `SlipwayError` is a defect of ours: `INTERNAL`, without a stack. */
export function describeError(error: unknown, frontEnd: FrontEnd): ErrorFacts {
  if (error instanceof SlipwayError) {
    return {
      code: error.code,
      message: error.message,
      details: error.details,
      action: error.hint === undefined ? undefined : remedyText(error.hint, frontEnd),
    };
  }
  return {
    code: 'INTERNAL',
    message: `unexpected: ${messageOf(error)}`,
    details: {},
    action:
      frontEnd === 'slipway'
        ? 'this is a defect of slipway; run again with --verbose for the place and report it'
        : 'this is a defect of slipway; run again with SLIPWAY_DEBUG=1 for the place and report it',
  };
}

/** One screen: what and its code, then aligned facts, then what to do (ux.md, An error). Lines without newline. */
export function errorLines(facts: ErrorFacts, symbols: Symbols): readonly string[] {
  const [first = '', ...more] = cleanLines(facts.message);
  return [
    `${symbols.error('error:')} ${first}   [${facts.code}]`,
    ...more.map((line) => `  ${line}`),
    ...factLines(facts),
  ];
}

/** The facts and the remedy below an error's first line: labels aligned, two spaces in; later lines of a value below its start. */
export function factLines(facts: ErrorFacts): readonly string[] {
  const rows = [
    ...Object.entries(facts.details),
    ...(facts.action === undefined ? [] : [['do', facts.action] as const]),
  ];
  const split = rows.flatMap(([label, value]) =>
    cleanLines(value).map((line, index) => [index === 0 ? label : '', line]),
  );
  const width = Math.max(8, ...rows.map(([label]) => label.length));
  return alignColumns([['x'.repeat(width), ''], ...split])
    .slice(1)
    .map((line) => `  ${line}`.trimEnd());
}

/** Messages quote what buildpacks, registries and files say: none of it may steer the terminal. */
function cleanLines(text: string): readonly string[] {
  return text.split('\n').map((line) => cleanLine(line, { color: false }));
}

/** The stacks of an error and its causes, for `--verbose` and SLIPWAY_DEBUG. */
export function stackLines(error: unknown): readonly string[] {
  const lines: string[] = [];
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth += 1)
    lines.push(...(depth === 0 ? [] : ['caused by']), ...(cause.stack ?? cause.message).split('\n'));
  return lines;
}
