import { option, type CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

export const VALIDATE_COMMAND: CommandSpec = {
  name: 'validate',
  summary: 'check that every blob of a layout, archive or image is there and right',
  usage: 'slipway validate LOCATION',
  positionals: ['LOCATION'],
  options: [...REGISTRY, ...DISPLAY],
  examples: [
    'slipway validate oci:out',
    'slipway validate docker-archive:shop.tar',
    'docker save shop | slipway validate docker-archive:-',
  ],
};

export const INSPECT_COMMAND: CommandSpec = {
  name: 'inspect',
  summary: 'print the digests, config and labels of an image as JSON',
  usage: 'slipway inspect LOCATION [--platform PLATFORM]',
  positionals: ['LOCATION'],
  options: [
    option('platform', 'string', 'Input', 'which platform of an index', { value: 'PLATFORM' }),
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: ['slipway inspect oci:out', 'slipway inspect debian:12 --platform linux/arm64'],
};
