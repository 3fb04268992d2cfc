import { option, type CommandOption, type CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

const RESULT: readonly CommandOption[] = [
  option('target', 'strings', 'Output', 'a platform to make it for; several make an index; repeat', {
    value: 'OS/ARCH',
  }),
  option('output', 'strings', 'Output', 'where it goes as well; repeat', { value: 'LOCATION' }),
];

const CONFIG = option('config', 'string', 'Input', 'package.toml; default: the one in --path, if it is there', {
  value: 'FILE',
});

export const BUILDPACK_PACKAGE_COMMAND: CommandSpec = packageCommand('buildpack');
export const EXTENSION_PACKAGE_COMMAND: CommandSpec = packageCommand('extension');

export const BUILDER_CREATE_COMMAND: CommandSpec = {
  name: 'builder create',
  summary: 'make a builder image from builder.toml',
  usage: 'slipway builder create LOCATION|FILE.cnb --config builder.toml',
  positionals: ['LOCATION'],
  options: [
    option('config', 'string', 'Input', 'builder.toml', { value: 'FILE', fallback: 'builder.toml' }),
    ...RESULT,
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: [
    'slipway builder create registry.example/acme/builder:1 --config builder.toml',
    'slipway builder create oci:out:builder --target linux/amd64 --target linux/arm64',
  ],
};

function packageCommand(kind: 'buildpack' | 'extension'): CommandSpec {
  const an = kind === 'buildpack' ? 'a buildpack' : 'an extension';
  return {
    name: `${kind} package`,
    summary: `make ${an} into an image or a .cnb file`,
    usage: `slipway ${kind} package LOCATION|FILE.cnb [--path DIR] [--config package.toml]`,
    positionals: ['LOCATION'],
    options: [
      option('path', 'string', 'Input', `directory of ${an}`, { value: 'DIR', fallback: '.' }),
      CONFIG,
      ...RESULT,
      ...REGISTRY,
      ...DISPLAY,
    ],
    examples: [
      `slipway ${kind} package ${kind}.cnb --path my-${kind}`,
      `slipway ${kind} package registry.example/acme/my-${kind}:1 --target linux/amd64 --target linux/arm64`,
    ],
  };
}
