/** One option of a `slipway` command. */
export interface CommandOption {
  readonly name: string;
  readonly kind: 'string' | 'boolean' | 'strings' | 'choice';
  /** For `choice`. */
  readonly choices?: readonly string[];
  /** One letter that stands for it. */
  readonly short?: string;
  readonly env?: string;
  readonly fallback?: string;
  /** What stands for the value in help. */
  readonly value?: string;
  /** Why it is taken by no one: an option of others that is refused with this reason, and shown nowhere. */
  readonly refused?: string;
  readonly group: string;
  readonly help: string;
}

/** A `slipway` command as data: what its reader and its help are made of. */
export interface CommandSpec {
  /** Words: `build`, `registry serve`. */
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  /** Names of positionals, required but for those in brackets; the last one may be repeated where it ends in `…`. */
  readonly positionals: readonly string[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly string[];
}

type OptionRest = Omit<CommandOption, 'name' | 'kind' | 'group' | 'help'>;
type NamedRest = readonly [group: string, help: string, rest?: OptionRest];

/** An option in one line. */
export function option(name: string, kind: CommandOption['kind'], ...[group, help, rest]: NamedRest): CommandOption {
  return { name, kind, group, help, ...rest };
}
