import { option, type CommandSpec } from '../command-spec.ts';
import { DISPLAY } from './shared.ts';

export const SERVE_COMMAND: CommandSpec = {
  name: 'registry serve',
  summary: 'serve a layout or archive as an image registry',
  usage: 'slipway registry serve DIR|LOCATION [--listen HOST:PORT]',
  positionals: ['DIR|LOCATION'],
  options: [
    option('listen', 'string', 'Server', 'address; port 0 takes a free one', {
      value: 'HOST:PORT',
      fallback: '127.0.0.1:5000',
    }),
    option('read-only', 'boolean', 'Server', 'refuse pushes'),
    option('tls-cert', 'string', 'Server', 'serve HTTPS with this certificate and its chain, as PEM', {
      value: 'FILE',
    }),
    option('tls-key', 'string', 'Server', 'its key, as PEM', { value: 'FILE' }),
    option('tls-self-signed', 'boolean', 'Server', 'serve HTTPS with a new certificate; its authority is printed'),
    option('htpasswd', 'string', 'Server', 'users who may pull and push: an htpasswd file with bcrypt', {
      value: 'FILE',
    }),
    ...DISPLAY,
  ],
  examples: [
    'slipway registry serve images',
    'slipway registry serve images --listen 127.0.0.1:0 --tls-self-signed --htpasswd users',
    'slipway registry serve docker-archive:shop.tar',
  ],
};

export const COLLECT_COMMAND: CommandSpec = {
  name: 'registry gc',
  summary: 'remove the blobs of a layout that no image needs',
  usage: 'slipway registry gc DIR [--untagged] [--older-than MINUTES] [--dry-run]',
  positionals: ['DIR'],
  options: [
    option('untagged', 'boolean', 'Removal', 'remove images without a name too'),
    option('older-than', 'string', 'Removal', 'keep what is younger: a push may be about to name it', {
      value: 'MINUTES',
      fallback: '60',
    }),
    option('dry-run', 'boolean', 'Removal', 'say what would be removed'),
    ...DISPLAY,
  ],
  examples: ['slipway registry gc images', 'slipway registry gc images --untagged --dry-run'],
};
