import { rebaseCommand } from './rebase-command.ts';

/** One option of a `slipway` command. */
export interface CommandOption {
  readonly name: string;
  readonly kind: 'string' | 'boolean' | 'strings' | 'choice';
  /** For `choice`. */
  readonly choices?: readonly string[];
  readonly env?: string;
  readonly fallback?: string;
  /** What stands for the value in help. */
  readonly value?: string;
  readonly group: string;
  readonly help: string;
}

/** A `slipway` command as data: what its reader and its help are made of. */
export interface CommandSpec {
  /** Words: `build`, `registry serve`. */
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  /** Names of positionals, all required. */
  readonly positionals: readonly string[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly string[];
}

const DISPLAY: readonly CommandOption[] = [
  option('progress', 'choice', 'Display', 'how progress is shown', { choices: ['tty', 'plain', 'json'] }),
  option('json', 'boolean', 'Display', 'one event a line on standard output; on standard error beside an archive'),
  option('quiet', 'boolean', 'Display', 'print nothing but the result and errors'),
  option('verbose', 'boolean', 'Display', 'print every log line, and where an error came from'),
  option('timestamps', 'boolean', 'Display', 'a time before each line'),
  option('no-color', 'boolean', 'Display', 'no colours (also NO_COLOR)'),
];

const REGISTRY: readonly CommandOption[] = [
  option('insecure-registry', 'strings', 'Registries', 'a registry that may be asked over plain HTTP; repeat', {
    value: 'HOST[:PORT]',
    env: 'CNB_INSECURE_REGISTRIES',
  }),
  option('offline', 'boolean', 'Registries', 'any network call is an error', { env: 'SLIPWAY_OFFLINE' }),
];

const BUILD_COMMAND: CommandSpec = {
  name: 'build',
  summary: 'build an image from an app directory with buildpacks, without a daemon',
  usage: 'slipway build IMAGE --buildpacks DIR --run-image LOCATION --output LOCATION…',
  positionals: ['IMAGE'],
  options: [
    option('path', 'string', 'Input', 'the app; it is copied, never written to', { value: 'DIR', fallback: '.' }),
    option('buildpacks', 'string', 'Input', 'buildpacks as <id>/<version>/buildpack.toml', { value: 'DIR' }),
    option('order', 'string', 'Input', 'order.toml; default: the one in the buildpacks directory', { value: 'FILE' }),
    option('run-image', 'string', 'Input', 'location of the run image, or scratch', {
      value: 'LOCATION',
      env: 'CNB_RUN_IMAGE',
    }),
    option('run-image-name', 'string', 'Input', 'name to record for a run image that is no registry image', {
      value: 'NAME',
      env: 'SLIPWAY_RUN_IMAGE_NAME',
    }),
    option('platform', 'string', 'Input', 'os/arch[/variant] of the image to make', {
      value: 'PLATFORM',
      env: 'SLIPWAY_TARGET',
    }),
    option('env', 'strings', 'Input', 'a variable for buildpacks; NAME alone takes it from here; repeat', {
      value: 'NAME[=VALUE]',
    }),
    option('env-file', 'strings', 'Input', 'a file of NAME=VALUE lines; repeat', { value: 'FILE' }),
    option('project-metadata', 'string', 'Input', 'project-metadata.toml', { value: 'FILE' }),
    option('output', 'strings', 'Output', 'where the image goes; repeat: oci:DIR, docker-archive:FILE, a registry', {
      value: 'LOCATION',
    }),
    option('publish', 'boolean', 'Output', 'push to the registry that IMAGE names'),
    option('report', 'string', 'Output', 'write report.toml here', { value: 'FILE' }),
    option('previous-image', 'string', 'Output', 'image whose layers may be reused; default: the first output', {
      value: 'LOCATION',
    }),
    option('default-process', 'string', 'Output', 'process that the image starts', { value: 'TYPE' }),
    option('launcher', 'string', 'Output', 'auto, builder, shell, none or a path', { value: 'WORD', fallback: 'auto' }),
    option('uid', 'string', 'Output', 'owner of everything in the image', { value: 'NUMBER', fallback: '1000' }),
    option('gid', 'string', 'Output', 'group of everything in the image', { value: 'NUMBER', fallback: '1000' }),
    option('creation-time', 'string', 'Output', 'time of the image: seconds since 1970, an ISO date, or now', {
      value: 'TIME',
      env: 'SOURCE_DATE_EPOCH',
    }),
    option('cache-dir', 'string', 'Build', 'cache of layers between builds', { value: 'DIR', env: 'CNB_CACHE_DIR' }),
    option('cache-image', 'string', 'Build', 'the same as an image: oci:DIR, a registry', {
      value: 'LOCATION',
      env: 'CNB_CACHE_IMAGE',
    }),
    option('launch-cache', 'string', 'Build', 'cache of the image’s own layers', {
      value: 'DIR',
      env: 'CNB_LAUNCH_CACHE_DIR',
    }),
    option('clear-cache', 'boolean', 'Build', 'use nothing of earlier builds'),
    option('sandbox', 'choice', 'Build', 'how buildpacks are isolated', {
      choices: ['auto', 'bubblewrap', 'host'],
      fallback: 'auto',
      env: 'SLIPWAY_SANDBOX',
    }),
    option('network', 'choice', 'Build', 'whether buildpacks have a network', {
      choices: ['host', 'none'],
      fallback: 'host',
    }),
    option('exec-env', 'string', 'Build', 'execution environment', {
      value: 'NAME',
      env: 'CNB_EXEC_ENV',
      fallback: 'production',
    }),
    option('layers-dir', 'string', 'Build', 'keep the layers directory here', { value: 'DIR' }),
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: [
    'slipway build shop --buildpacks bps --run-image oci:run --output oci:out',
    'slipway build shop --buildpacks bps --run-image debian:12 --output docker-archive:shop.tar',
    'slipway build shop --buildpacks bps --run-image debian:12 --output docker-archive:- | docker load',
    'slipway build registry.example/acme/shop --buildpacks bps --run-image debian:12 --publish',
  ],
};

const SERVE_COMMAND: CommandSpec = {
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

const COLLECT_COMMAND: CommandSpec = {
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

const VALIDATE_COMMAND: CommandSpec = {
  name: 'validate',
  summary: 'check that every blob of a layout, archive or image is there and right',
  usage: 'slipway validate LOCATION',
  positionals: ['LOCATION'],
  options: [...REGISTRY, ...DISPLAY],
  examples: [
    'slipway validate oci:out',
    'slipway validate docker-archive:shop.tar',
    'docker save shop | slipway validate docker-archive:-',
  ],
};

const INSPECT_COMMAND: CommandSpec = {
  name: 'inspect',
  summary: 'print the digests, config and labels of an image as JSON',
  usage: 'slipway inspect LOCATION [--platform PLATFORM]',
  positionals: ['LOCATION'],
  options: [
    option('platform', 'string', 'Input', 'which platform of an index', { value: 'PLATFORM' }),
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: ['slipway inspect oci:out', 'slipway inspect debian:12 --platform linux/arm64'],
};

export const COMMANDS: readonly CommandSpec[] = [
  BUILD_COMMAND,
  rebaseCommand([...REGISTRY, ...DISPLAY]),
  INSPECT_COMMAND,
  VALIDATE_COMMAND,
  SERVE_COMMAND,
  COLLECT_COMMAND,
];

type OptionRest = Omit<CommandOption, 'name' | 'kind' | 'group' | 'help'>;
type NamedRest = readonly [group: string, help: string, rest?: OptionRest];

function option(name: string, kind: CommandOption['kind'], ...[group, help, rest]: NamedRest): CommandOption {
  return { name, kind, group, help, ...rest };
}
