import { option, type CommandOption } from '../../command-spec.ts';

/** What helps when a build fails. */
export const BUILD_DEBUG: readonly CommandOption[] = [
  option(
    'on-error',
    'choice',
    'Debugging',
    'when a buildpack fails: keep its directories, or open a shell in the sandbox',
    {
      choices: ['cleanup', 'keep', 'shell'],
      fallback: 'cleanup',
      env: 'SLIPWAY_ON_ERROR',
    },
  ),
  option('on-error-dir', 'string', 'Debugging', 'where they are kept; default: the user’s cache (slipway cache ls)', {
    value: 'DIR',
    env: 'SLIPWAY_ON_ERROR_DIR',
  }),
  option('dry-run', 'boolean', 'Debugging', 'say what would be resolved, run and written; run and write nothing'),
];
