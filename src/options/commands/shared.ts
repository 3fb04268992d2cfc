import { option, type CommandOption } from '../command-spec.ts';

/** How every command shows what it does. */
export const DISPLAY: readonly CommandOption[] = [
  option('progress', 'choice', 'Display', 'how progress is shown', { choices: ['tty', 'plain', 'json'] }),
  option('json', 'boolean', 'Display', 'one event a line on standard output; on standard error beside an archive'),
  option('quiet', 'boolean', 'Display', 'print nothing but the result and errors'),
  option('verbose', 'boolean', 'Display', 'print every log line, and where an error came from'),
  option('timestamps', 'boolean', 'Display', 'a time before each line'),
  option('no-color', 'boolean', 'Display', 'no colours (also NO_COLOR)'),
];

/** Options of every command that asks registries. */
export const REGISTRY: readonly CommandOption[] = [
  option('insecure-registry', 'strings', 'Registries', 'a registry that may be asked over plain HTTP; repeat', {
    value: 'HOST[:PORT]',
    env: 'CNB_INSECURE_REGISTRIES',
  }),
  option(
    'trust-realm',
    'strings',
    'Registries',
    'a token endpoint that may have credentials although its host is not the registry’s; repeat',
    {
      value: 'HOST[:PORT]',
      env: 'SLIPWAY_TRUST_REALMS',
    },
  ),
  option('ca-file', 'strings', 'Registries', 'authorities to trust besides the usual ones, as PEM; repeat', {
    value: 'FILE',
    env: 'SLIPWAY_CA_FILE',
  }),
  option('timeout', 'string', 'Registries', 'how long a registry may be silent: seconds, or 5m', {
    value: 'TIME',
    env: 'SLIPWAY_TIMEOUT',
  }),
  option('concurrency', 'string', 'Registries', 'blobs on their way at once', {
    value: 'NUMBER',
    env: 'SLIPWAY_CONCURRENCY',
  }),
  option(
    'trace-http',
    'string',
    'Registries',
    'write requests and answers there, without secrets; - is standard error',
    {
      value: 'FILE',
      env: 'SLIPWAY_TRACE_HTTP',
    },
  ),
  option('offline', 'boolean', 'Registries', 'any network call is an error', { env: 'SLIPWAY_OFFLINE' }),
];
