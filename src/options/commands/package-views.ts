import { option, type CommandOption, type CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

const REPORT: readonly CommandOption[] = [
  option('output', 'choice', 'Output', 'form of what is printed', {
    choices: ['human-readable', 'json', 'yaml', 'toml'],
    fallback: 'human-readable',
  }),
  option('depth', 'string', 'Output', 'how many composite buildpacks deep the detection order is shown; all of them', {
    value: 'NUMBER',
  }),
];

const SHOWN = DISPLAY.map((each) => (each.name === 'json' ? { ...each, help: 'the same as --output json' } : each));

const PLATFORM = option('platform', 'string', 'Input', 'which platform of an index', { value: 'OS/ARCH' });

export const BUILDER_INSPECT_COMMAND: CommandSpec = {
  name: 'builder inspect',
  summary: 'print what a builder is made of: run images, buildpacks, detection order',
  usage: 'slipway builder inspect LOCATION|default [--output json]',
  positionals: ['LOCATION'],
  options: [PLATFORM, ...REPORT, ...REGISTRY, ...SHOWN],
  examples: [
    'slipway builder inspect registry.example/acme/builder:1',
    'slipway builder inspect oci:out:builder --depth 0',
    'slipway builder inspect default --output json',
  ],
};

export const BUILDER_SUGGEST_COMMAND: CommandSpec = {
  name: 'builder suggest',
  summary: 'list builders that their makers keep up to date for everybody',
  usage: 'slipway builder suggest',
  positionals: [],
  options: DISPLAY.map((each) => (each.name === 'json' ? { ...each, help: 'the list as JSON' } : each)),
  examples: ['slipway builder suggest'],
};

export const BUILDPACK_INSPECT_COMMAND: CommandSpec = inspectCommand('buildpack');
export const EXTENSION_INSPECT_COMMAND: CommandSpec = inspectCommand('extension');

function inspectCommand(kind: 'buildpack' | 'extension'): CommandSpec {
  return {
    name: `${kind} inspect`,
    summary: `print what a directory, .cnb file or image of ${kind}s holds`,
    usage: `slipway ${kind} inspect DIR|FILE|URL|LOCATION, or ID[@VERSION] --builder LOCATION`,
    positionals: [kind.toUpperCase()],
    options: [
      option('builder', 'string', 'Input', 'the builder that has it', { value: 'LOCATION' }),
      PLATFORM,
      ...REPORT,
      ...REGISTRY,
      ...SHOWN,
    ],
    examples: [
      `slipway ${kind} inspect my-${kind}`,
      `slipway ${kind} inspect registry.example/acme/my-${kind}:1 --output json`,
      `slipway ${kind} inspect acme/my-${kind} --builder oci:out:builder`,
    ],
  };
}

export const BUILDPACK_PULL_COMMAND: CommandSpec = {
  name: 'buildpack pull',
  summary: 'copy a buildpackage, all its platforms, into a layout, an archive or another registry',
  usage: 'slipway buildpack pull LOCATION --output LOCATION',
  positionals: ['LOCATION'],
  options: [
    option('output', 'strings', 'Output', 'where it goes: there is no daemon to keep it; repeat', {
      value: 'LOCATION',
    }),
    option('platform', 'string', 'Input', 'one platform in the place of all', { value: 'OS/ARCH' }),
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: [
    'slipway buildpack pull registry.example/acme/node:1 --output oci-archive:node.cnb',
    'slipway buildpack pull registry.example/acme/node:1 --output oci:buildpacks:node',
  ],
};

export const BUILDPACK_NEW_COMMAND: CommandSpec = newCommand('buildpack');
export const EXTENSION_NEW_COMMAND: CommandSpec = newCommand('extension');

function newCommand(kind: 'buildpack' | 'extension'): CommandSpec {
  const templates: readonly CommandOption[] =
    kind === 'extension'
      ? []
      : [
          option('template', 'choice', 'New', 'what its programs are written in', {
            choices: ['sh', 'node'],
            fallback: 'sh',
          }),
        ];
  return {
    name: `${kind} new`,
    summary: `write ${kind === 'buildpack' ? 'a buildpack' : 'an extension'} that works, to begin with`,
    usage: `slipway ${kind} new ID [--path DIR]`,
    positionals: ['ID'],
    options: [
      option('path', 'string', 'New', 'its directory; default: the id with _ for /', { value: 'DIR' }),
      option('version', 'string', 'New', 'its version', { value: 'VERSION', fallback: '0.1.0' }),
      option('api', 'string', 'New', 'Buildpack API that it is written for', { value: 'VERSION', fallback: '0.10' }),
      ...templates,
      option('targets', 'strings', 'New', 'a platform that it works on; repeat; default: linux/amd64 and linux/arm64', {
        value: 'OS/ARCH',
      }),
      ...DISPLAY,
    ],
    examples: [
      `slipway ${kind} new acme/greeter`,
      kind === 'buildpack'
        ? 'slipway buildpack new acme/greeter --template node --path greeter'
        : 'slipway extension new acme/greeter --path greeter',
    ],
  };
}
