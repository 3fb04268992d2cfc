import type { CommandOption, CommandSpec } from '../options/command-spec.ts';
import { COMMANDS } from '../options/command-table.ts';
import { alignColumns } from '../term/columns.ts';

/** `slipway` alone and `slipway --help`: what it is and the commands most people need. */
export function mainHelp(): string {
  const rows = COMMANDS.map((command) => [`  slipway ${command.name}`, command.summary]);
  return [
    'slipway builds OCI images from source with Cloud Native Buildpacks: no daemon, no root.',
    '',
    ...alignColumns(rows),
    '',
    'slipway COMMAND --help says more; slipway --version prints the version.',
    'The programs of the lifecycle (analyzer, detector, … creator) are in bin/lifecycle of the package.',
    '',
  ].join('\n');
}

/** Help of one command: what it does, usage, options in groups with defaults and variables, examples. */
export function commandHelp(command: CommandSpec): string {
  const options = command.options.filter(({ refused }) => refused === undefined);
  const groups = [...new Set(options.map((option) => option.group))];
  const sections = groups.flatMap((group) => [
    '',
    `${group}:`,
    ...alignColumns(
      options.filter((option) => option.group === group).map((option) => [label(option), describe(option)]),
    ),
  ]);
  return [
    `slipway ${command.name}: ${command.summary}`,
    '',
    `usage: ${command.usage}`,
    ...sections,
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
    'Locations are a registry reference, oci:DIR[:NAME], oci-archive:FILE[:NAME] or docker-archive:FILE[:NAME].',
    'FILE may be - for standard input or output.',
    '',
  ].join('\n');
}

function label(option: CommandOption): string {
  const value = option.choices === undefined ? option.value : option.choices.join('|');
  const letter = option.short === undefined ? '' : `-${option.short}, `;
  return value === undefined ? `  ${letter}--${option.name}` : `  ${letter}--${option.name} ${value}`;
}

function describe(option: CommandOption): string {
  const facts = [
    ...(option.fallback === undefined ? [] : [`default ${option.fallback}`]),
    ...(option.env === undefined ? [] : [option.env]),
  ];
  return facts.length === 0 ? option.help : `${option.help} [${facts.join(', ')}]`;
}
