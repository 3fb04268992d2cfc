import { SlipwayError } from '../core/errors.ts';
import { parseGoBoolean, parseGoInteger } from './go-values.ts';
import type { CommandOption, CommandSpec } from './command-spec.ts';

/** The values of a `slipway` command: argument, then variable, then default. */
export class CommandValues {
  readonly positionals: readonly string[];
  readonly #spec: CommandSpec;
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(
    spec: CommandSpec,
    given: { readonly positionals: readonly string[]; readonly options: Readonly<Record<string, unknown>> },
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#spec = spec;
    this.positionals = given.positionals;
    this.#given = given.options;
    this.#env = env;
  }

  /** The same arguments as those of a command that takes more. */
  as(spec: CommandSpec): CommandValues {
    return new CommandValues(spec, { positionals: this.positionals, options: this.#given }, this.#env);
  }

  /** Undefined when neither given nor defaulted. A repeated scalar is an error. */
  text(name: string): string | undefined {
    const option = this.#option(name);
    const value = this.#scalar(option) ?? this.#fromEnv(option) ?? option.fallback;
    if (value !== undefined && option.choices !== undefined && !option.choices.includes(value))
      throw bad(`--${name} cannot be "${value}"`, `choose one of ${option.choices.join(', ')}`);
    return value;
  }

  boolean(name: string): boolean {
    const option = this.#option(name);
    const given = this.#given[name];
    if (Array.isArray(given)) return given.at(-1) === true;
    if (typeof given === 'boolean') return given;
    return parseGoBoolean(this.#fromEnv(option) ?? '') ?? false;
  }

  list(name: string): readonly string[] {
    const option = this.#option(name);
    const given = this.#given[name];
    const values = Array.isArray(given) ? given.map(String) : typeof given === 'string' ? [given] : [];
    const fromEnv = (this.#fromEnv(option) ?? '').split(',').filter((part) => part !== '');
    return [...fromEnv, ...values];
  }

  /** A whole number from 0 on. */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parseGoInteger(text);
    if (value === undefined || value < 0)
      throw bad(`--${name} "${text}" is not a number`, 'write a whole number from 0 on');
    return value;
  }

  #scalar(option: CommandOption): string | undefined {
    const given = this.#given[option.name];
    if (given === undefined) return undefined;
    if (Array.isArray(given)) throw bad(`--${option.name} was given ${String(given.length)} times`, 'give it once');
    return typeof given === 'string' ? given : undefined;
  }

  #fromEnv(option: CommandOption): string | undefined {
    const value = option.env === undefined ? undefined : this.#env[option.env];
    return value === '' ? undefined : value;
  }

  #option(name: string): CommandOption {
    const found = this.#spec.options.find((option) => option.name === name);
    if (found === undefined) throw new Error(`${this.#spec.name} has no option ${name}`);
    return found;
  }
}

function bad(message: string, hint: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', message, { hint });
}
