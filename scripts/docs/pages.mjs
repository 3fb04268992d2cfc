// The generated pages: path → Markdown.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { benchmarkPages } from '../bench/lib/pages.mjs';
import { readResults } from '../bench/lib/results.mjs';
import { renderDifferences } from './differences.mjs';
import { renderEvents } from './events.mjs';
import { code, page, table } from './markdown.mjs';
import { renderOptions } from './options.mjs';
import { renderProjectToml } from './project-toml.mjs';
import { renderRegistryFaults } from './registry-faults.mjs';
import { renderScenarios } from './scenarios.mjs';
import { loadTables } from './sources.mjs';

export async function renderPages() {
  const tables = await loadTables();
  return {
    ...renderMeasured('docs/benchmarks'),
    'docs/reference/differences.md': renderDifferences('docs/differences.json'),
    'docs/reference/errors.md': renderErrors(tables.ERROR_CODES),
    'docs/reference/events.md': renderEvents('src/core/events.ts'),
    'docs/reference/lifecycle-options.md': renderOptions(tables),
    'docs/reference/project-toml.md': renderProjectToml('docs/project-toml.json', tables.PROJECT_KEYS),
    'docs/reference/registry-faults.md': renderRegistryFaults('docs/registry-faults.json'),
    'docs/reference/scenarios.md': renderScenarios(),
    'docs/reference/slipway.md': renderCommands(tables.COMMANDS),
    ...Object.fromEntries(
      tables.COMMANDS.map((command) => [`docs/reference/${fileOf(command)}`, renderCommand(command)]),
    ),
  };
}

/** Out of the recorded results: nothing is measured here. */
function renderMeasured(directory) {
  const pages = benchmarkPages(readResults(join(ROOT, directory, 'results.json')), join(ROOT, directory));
  return Object.fromEntries(Object.entries(pages).map(([name, text]) => [`${directory}/${name}`, text]));
}

function renderErrors(codes) {
  const sections = [];
  for (const line of readFileSync(join(ROOT, 'src/core/error-codes.ts'), 'utf8').split('\n')) {
    const group = /^ {2}\/\/ (.+)$/.exec(line)?.[1];
    if (group !== undefined) sections.push({ group, names: [] });
    const name = /^ {2}([A-Z_]+): \{/.exec(line)?.[1];
    if (name !== undefined) sections.at(-1).names.push(name);
  }
  return page(
    'Error codes',
    'src/core/error-codes.ts',
    'Every error has one of these codes: `code` of the event `error` under `--json`, `code` of a `SlipwayError` in the library. The exit code is ' +
      'given where the cause has one of its own; other errors leave with the exit code of the phase in which they happened: analyze 32, ' +
      'detect 22, restore 42, build 52, export 62, rebase 72, and 1 outside of a phase.',
    ...sections.flatMap(({ group, names }) => [
      `## ${group[0].toUpperCase()}${group.slice(1)}`,
      table(
        ['code', 'is', 'exit'],
        names.map((name) => [code(name), codes[name].title, codes[name].exit ?? '']),
      ),
    ]),
  );
}

function renderCommands(commands) {
  return page(
    'Commands',
    'src/options/command-table.ts',
    'Every command has `--help`; the pages say the same.',
    table(
      ['command', 'does'],
      commands.map((command) => [`[slipway ${command.name}](${fileOf(command)})`, command.summary]),
    ),
  );
}

function fileOf(command) {
  return `slipway-${command.name.replaceAll(' ', '-')}.md`;
}

function renderCommand(command) {
  const options = command.options.filter(({ refused }) => refused === undefined);
  const groups = [...new Set(options.map((option) => option.group))];
  return page(
    `slipway ${command.name}`,
    'src/options/commands',
    `${command.summary[0].toUpperCase()}${command.summary.slice(1)}.`,
    ['```', command.usage, '```'].join('\n'),
    'A flag wins over its variable, the variable over the default. Locations are explained in the [README](../../README.md).',
    ...groups.flatMap((group) => [
      `## ${group}`,
      table(
        ['option', 'is', 'default', 'variable'],
        options
          .filter((option) => option.group === group)
          .map((option) => [code(label(option)), option.help, code(option.fallback), code(option.env)]),
      ),
    ]),
    '## Examples',
    ['```', ...command.examples, '```'].join('\n'),
  );
}

function label(option) {
  const value = option.choices === undefined ? option.value : option.choices.join('|');
  const name = option.short === undefined ? `--${option.name}` : `-${option.short}, --${option.name}`;
  return value === undefined ? name : `${name} ${value}`;
}
