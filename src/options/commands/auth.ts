import { option, type CommandOption, type CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

const AUTH_FILE: CommandOption = option(
  'authfile',
  'string',
  'Login',
  'an auth.json in the place of docker’s config.json',
  {
    value: 'FILE',
    env: 'REGISTRY_AUTH_FILE',
  },
);

export const LOGIN_COMMAND: CommandSpec = {
  name: 'login',
  summary: 'check credentials with a registry and keep them where docker does',
  usage: 'slipway login HOST[/PATH] --username NAME --password-stdin',
  positionals: ['HOST[/PATH]'],
  options: [
    option('username', 'string', 'Login', 'who logs in', { value: 'NAME' }),
    option('password-stdin', 'boolean', 'Login', 'read the password from standard input; else a terminal is asked'),
    option('password', 'string', 'Login', 'refused: use --password-stdin', {
      value: 'PASSWORD',
      refused: 'an argument is seen by every process of the machine and kept in the history of the shell',
    }),
    AUTH_FILE,
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: [
    'slipway login registry.example --username ann --password-stdin < password.txt',
    'echo "$TOKEN" | slipway login ghcr.io/acme --username ann --password-stdin',
    'slipway login docker.io --username ann --password-stdin --authfile auth.json < password.txt',
  ],
};

export const LOGOUT_COMMAND: CommandSpec = {
  name: 'logout',
  summary: 'remove the credentials of a registry from docker’s config.json or its helper',
  usage: 'slipway logout HOST[/PATH]',
  positionals: ['HOST[/PATH]'],
  options: [AUTH_FILE, ...DISPLAY],
  examples: ['slipway logout registry.example', 'slipway logout docker.io --authfile auth.json'],
};

export const EXPLAIN_COMMAND: CommandSpec = {
  name: 'auth explain',
  summary: 'print where credentials for an image are looked for, which are used, and what the registry asks for',
  usage: 'slipway auth explain REFERENCE',
  positionals: ['REFERENCE'],
  options: [...REGISTRY, ...DISPLAY],
  examples: [
    'slipway auth explain registry.example/acme/shop',
    'slipway auth explain debian:12 --json',
    'slipway auth explain registry.example/acme/shop --offline',
  ],
};
