import { option, type CommandOption } from '../../command-spec.ts';

/** An option of pack that has nothing to do here, and what to say about it. */
export interface ForeignOption {
  readonly option: CommandOption;
  readonly reason: string;
}

const GROUP = 'Of pack, without effect';

/** Options of `pack build` that change nothing: they are taken, so that a command line of pack works, and say why. */
export const FOREIGN_OPTIONS: readonly ForeignOption[] = [
  {
    option: option('docker-host', 'string', GROUP, 'no daemon is used', { value: 'ADDRESS' }),
    reason: 'no daemon is used, and buildpacks are not shown one',
  },
  {
    option: option('userns-host', 'boolean', GROUP, 'the sandbox chooses its user namespace'),
    reason: 'the sandbox chooses its own user namespace; --sandbox says which',
  },
  {
    option: option('trust-builder', 'boolean', GROUP, 'no builder sees credentials'),
    reason: 'every builder runs in the sandbox and none is shown credentials',
  },
  {
    option: option('trust-extra-buildpacks', 'boolean', GROUP, 'no buildpack sees credentials'),
    reason: 'every buildpack runs in the sandbox and none is shown credentials',
  },
  {
    option: option('interactive', 'boolean', GROUP, 'there is no terminal UI'),
    reason: 'there is no terminal UI; --progress tty shows what happens in place',
  },
  {
    option: option('buildpack-registry', 'string', GROUP, 'buildpack registries come later', {
      value: 'NAME',
      short: 'r',
    }),
    reason: 'no buildpack registry is asked by this version; a buildpack that is named by a registry is refused',
  },
  {
    option: option('sparse', 'boolean', GROUP, 'layouts are whole'),
    reason: 'a layout gets the layers of its run image too, so that it can be read by itself',
  },
];

export const BUILD_FOREIGN: readonly CommandOption[] = FOREIGN_OPTIONS.map((foreign) => foreign.option);
