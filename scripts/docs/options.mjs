// docs/reference/lifecycle-options.md: the option table of the lifecycle programs.
import { code, page, table } from './markdown.mjs';

export function renderOptions({ OPTIONS, PROGRAMS, PLATFORM_APIS, BUILDPACK_APIS }) {
  return page(
    'Options of the lifecycle programs',
    'src/options/table-rows.ts',
    `Platform APIs: ${PLATFORM_APIS.join(', ')}. Buildpack APIs: ${BUILDPACK_APIS.join(', ')}. ` +
      'A flag wins over its variable, the variable over the default; an empty variable counts as unset. `<layers>` is the layers directory. ' +
      'Flags are read as the Go lifecycle reads them: `-flag value` or `-flag=value`, one dash or two. Rows marked with * are Slipway’s own.',
    '## Inputs',
    table(
      ['flag', 'variable', 'default', 'kind', 'is'],
      OPTIONS.map((row) => [
        `${code(`-${row.name}`)}${row.isOurs ? ' \\*' : ''}`,
        code(row.env),
        code(row.fallback),
        row.kind,
        row.help,
      ]),
    ),
    '## Which program takes which flag',
    'Empty: no such flag, though the program may still read the variable. A range is one of Platform APIs. The extender comes with a later ' +
      'version: it reads its flags and stops.',
    table(
      ['flag', ...PROGRAMS],
      OPTIONS.map((row) => [
        code(`-${row.name}`),
        ...PROGRAMS.map((program) => {
          const range = row.flags[program];
          return range === 'all' ? 'yes' : (range ?? '');
        }),
      ]),
    ),
  );
}
