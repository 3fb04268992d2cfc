import yargs from 'yargs';
import { SlipwayError } from '../core/errors.ts';
import type { CommandSpec } from '../options/command-spec.ts';
import { nearest } from '../options/nearest.ts';

export interface GivenArguments {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * The arguments of one command, by yargs: nothing is guessed (no numbers, no dots, no camel case), unknown options are errors that
 * name the nearest one. Throws `FLAG_UNKNOWN` (exit 2) and `ARGUMENT_INVALID` (exit 3).
 */
export function readArguments(spec: CommandSpec, argv: readonly string[]): GivenArguments {
  const parser = yargs()
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
      'camel-case-expansion': false,
      'boolean-negation': false,
      'short-option-groups': false,
      'greedy-arrays': false,
      'populate--': true,
    })
    .options(
      Object.fromEntries(
        spec.options.map((option) => [
          option.name,
          {
            ...(option.short === undefined ? {} : { alias: option.short }),
            ...(option.kind === 'boolean'
              ? { type: 'boolean' as const }
              : { type: 'string' as const, requiresArg: true, array: option.kind === 'strings' }),
          },
        ]),
      ),
    )
    .fail((message: string, error: Error | undefined) => {
      // What yargs itself finds wrong has its name; anything else is a defect.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw refusal(error?.message ?? message);
    });
  const { _: words, '--': rest, ...parsed } = parser.parseSync([...argv]);
  const letters = new Set(spec.options.map(({ short }) => short ?? ''));
  const options: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(parsed).filter(([name]) => name !== '$0' && !letters.has(name)),
  );
  refuseUnknown(spec, options);
  refuseRefused(spec, options);
  const after: readonly unknown[] = Array.isArray(rest) ? rest : [];
  const positionals = [...words, ...after].map(String);
  checkCount(spec, positionals);
  return { positionals, options };
}

function refusal(text: string): SlipwayError {
  const lacking = /^Not enough arguments following: (.+)$/.exec(text)?.[1];
  const words = lacking === undefined ? text.replaceAll('\n', ' ').toLowerCase() : `${dashed(lacking)} needs a value`;
  return new SlipwayError('ARGUMENT_INVALID', words);
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function refuseUnknown(spec: CommandSpec, options: Readonly<Record<string, unknown>>): void {
  const names = spec.options.map((option) => option.name);
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, names);
  throw new SlipwayError('FLAG_UNKNOWN', `slipway ${spec.name} has no option ${dashed(unknown)}`, {
    hint: near === undefined ? `slipway ${spec.name} --help lists them` : `did you mean --${near}?`,
  });
}

function refuseRefused(spec: CommandSpec, options: Readonly<Record<string, unknown>>): void {
  const refused = spec.options.find(({ name, refused: why }) => why !== undefined && options[name] !== undefined);
  if (refused === undefined) return;
  throw new SlipwayError('ARGUMENT_INVALID', `--${refused.name} is refused: ${refused.refused ?? ''}`, {
    hint: spec.usage,
  });
}

function checkCount(spec: CommandSpec, positionals: readonly string[]): void {
  const missing = spec.positionals[positionals.length]?.replace('…', '');
  if (missing !== undefined && !missing.startsWith('['))
    throw new SlipwayError('ARGUMENT_INVALID', `slipway ${spec.name} needs ${missing}`, { hint: spec.usage });
  const isOpen = spec.positionals.at(-1)?.endsWith('…') === true;
  if (!isOpen && positionals.length > spec.positionals.length) {
    const extra = positionals.slice(spec.positionals.length).join(' ');
    throw new SlipwayError('ARGUMENT_INVALID', `slipway ${spec.name} takes no argument "${extra}"`, {
      hint: spec.usage,
    });
  }
}
