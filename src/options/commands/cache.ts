import { option, type CommandSpec } from '../command-spec.ts';
import { DISPLAY } from './shared.ts';

export const CACHE_LIST_COMMAND: CommandSpec = {
  name: 'cache ls',
  summary: 'list what is kept between commands: sizes, last use, what is in use',
  usage: 'slipway cache ls [--json]',
  positionals: [],
  options: DISPLAY,
  examples: ['slipway cache ls', 'SLIPWAY_CACHE_DIR=/var/cache/slipway slipway cache ls --json'],
};

export const CACHE_USAGE_COMMAND: CommandSpec = {
  name: 'cache du',
  summary: 'add up what is kept between commands',
  usage: 'slipway cache du [--json]',
  positionals: [],
  options: DISPLAY,
  examples: ['slipway cache du'],
};

export const CACHE_PRUNE_COMMAND: CommandSpec = {
  name: 'cache prune',
  summary: 'remove what nobody uses, the least recently used first',
  usage: 'slipway cache prune [--max-size SIZE] [--older-than DURATION] [--dry-run]',
  positionals: [],
  options: [
    option('max-size', 'string', 'Removal', 'only until no more than this is left: 500MB, 10GiB', { value: 'SIZE' }),
    option('older-than', 'string', 'Removal', 'only what was not used for so long: 12h, 30d', { value: 'DURATION' }),
    option('dry-run', 'boolean', 'Removal', 'say what would be removed'),
    ...DISPLAY,
  ],
  examples: ['slipway cache prune --older-than 30d', 'slipway cache prune --max-size 10GB --dry-run'],
};
