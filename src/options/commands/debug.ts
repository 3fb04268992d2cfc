import { option, type CommandSpec } from '../command-spec.ts';
import { DISPLAY } from './shared.ts';

export const DEBUG_COMMAND: CommandSpec = {
  name: 'debug',
  summary: 'enter the sandbox of a buildpack that failed, as slipway build --on-error keep left it',
  usage: 'slipway debug DIR [--run | --command TEXT]',
  positionals: ['DIR'],
  options: [
    option('run', 'boolean', 'Debugging', 'run the failed step again; the exit code is its own'),
    option('command', 'string', 'Debugging', 'run this with the builder’s sh in the place of a shell to type into', {
      value: 'TEXT',
    }),
    ...DISPLAY,
  ],
  examples: [
    'slipway debug ~/.cache/slipway/kept/shop-20261123T151432Z',
    'slipway debug ~/.cache/slipway/kept/shop-20261123T151432Z --run',
    'slipway debug kept/shop-20261123T151432Z --command "env; ls -la /layers"',
  ],
};
