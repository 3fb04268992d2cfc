import { option, type CommandOption, type CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

const RESULT: readonly CommandOption[] = [
  option('target', 'strings', 'Output', 'a platform to make it for; several make an index; repeat', {
    value: 'OS/ARCH',
  }),
  option('output', 'strings', 'Output', 'where it goes as well; repeat', { value: 'LOCATION' }),
  option('label', 'strings', 'Output', 'a label of the image beside those of the specification; repeat', {
    value: 'KEY=VALUE',
  }),
  option(
    'publish',
    'boolean',
    'Output',
    'as in pack: LOCATION is an image in a registry, which it is without a scheme too',
  ),
];

const FLATTEN_GROUPS = option(
  'flatten',
  'strings',
  'Output',
  'buildpacks that share one layer; repeat for several layers',
  { value: 'ID@VERSION,…' },
);

const PACKAGE_FORM: readonly CommandOption[] = [
  option('flatten', 'boolean', 'Output', 'put all buildpacks of the package into one layer'),
  option('flatten-exclude', 'strings', 'Output', 'a buildpack that keeps a layer of its own; repeat', {
    value: 'ID@VERSION',
  }),
  option('format', 'choice', 'Output', 'as in pack: with file, LOCATION is a .cnb file whatever its name', {
    choices: ['image', 'file'],
    fallback: 'image',
  }),
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
    FLATTEN_GROUPS,
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
      ...PACKAGE_FORM,
      ...REGISTRY,
      ...DISPLAY,
    ],
    examples: [
      `slipway ${kind} package ${kind}.cnb --path my-${kind}`,
      `slipway ${kind} package registry.example/acme/my-${kind}:1 --target linux/amd64 --target linux/arm64`,
    ],
  };
}
