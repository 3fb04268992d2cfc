import type { CommandOption, CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

const INPUT: readonly CommandOption[] = [
  {
    name: 'run-image',
    kind: 'string',
    group: 'Input',
    help: 'location of the new run image; default: the one that IMAGE names in its label',
    value: 'LOCATION',
    env: 'CNB_RUN_IMAGE',
  },
  {
    name: 'run-image-name',
    kind: 'string',
    group: 'Input',
    help: 'name to record for a run image that is no registry image',
    value: 'NAME',
    env: 'SLIPWAY_RUN_IMAGE_NAME',
  },
  {
    name: 'previous-image',
    kind: 'string',
    group: 'Input',
    help: 'the image to rebase, where IMAGE is only its new name',
    value: 'LOCATION',
  },
  {
    name: 'platform',
    kind: 'string',
    group: 'Input',
    help: 'one os/arch[/variant] of an index; default: every platform of it',
    value: 'PLATFORM',
    env: 'SLIPWAY_TARGET',
  },
];

const OUTPUT: readonly CommandOption[] = [
  {
    name: 'output',
    kind: 'strings',
    group: 'Output',
    help: 'where the result goes in the place of IMAGE; repeat',
    value: 'LOCATION',
  },
  { name: 'tag', kind: 'strings', group: 'Output', help: 'where it goes as well; repeat', value: 'LOCATION' },
  { name: 'dry-run', kind: 'boolean', group: 'Output', help: 'print what would change, and write nothing' },
  { name: 'report', kind: 'string', group: 'Output', help: 'write report.toml here', value: 'FILE' },
  {
    name: 'creation-time',
    kind: 'string',
    group: 'Output',
    help: 'time of the image: seconds since 1970, an ISO date, or now',
    value: 'TIME',
    env: 'SOURCE_DATE_EPOCH',
  },
];

const RULES: readonly CommandOption[] = [
  {
    name: 'force',
    kind: 'boolean',
    group: 'Rules',
    help: 'warn where the new run image does not fit, in the place of refusing it',
    env: 'CNB_FORCE_REBASE',
  },
  {
    name: 'strict',
    kind: 'boolean',
    group: 'Rules',
    help: 'refuse a run image that IMAGE does not name, of the same repository too',
    env: 'SLIPWAY_STRICT_REBASE',
  },
];

export const REBASE_COMMAND: CommandSpec = {
  name: 'rebase',
  summary: 'put an image onto another run image, without a build',
  usage: 'slipway rebase IMAGE [--run-image LOCATION] [--output LOCATION…]',
  positionals: ['IMAGE'],
  options: [...INPUT, ...OUTPUT, ...RULES, ...REGISTRY, ...DISPLAY],
  examples: [
    'slipway rebase registry.example/acme/shop --dry-run',
    'slipway rebase registry.example/acme/shop:1 --run-image registry.example/run:1.2.4 --tag registry.example/acme/shop:2',
    'slipway rebase oci:out:shop --run-image oci:run --output docker-archive:shop.tar',
  ],
};
