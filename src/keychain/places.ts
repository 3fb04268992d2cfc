import { join } from 'node:path';

/** A place where credentials may be written, whether or not there is anything. */
export interface CredentialPlace {
  /** How it is named: `~/.docker/config.json`, `DOCKER_AUTH_CONFIG`. */
  readonly label: string;
  /** `legacy` is ~/.dockercfg: the entries without the key `auths` around them. */
  readonly format: 'auths' | 'legacy';
  readonly source:
    | { readonly kind: 'file'; readonly path: string; readonly isNamed: boolean }
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'none'; readonly why: string };
  /** Whether it is mentioned in errors when there is nothing. */
  readonly isUsual: boolean;
}

export interface PlacesInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly uid?: number;
}

/**
 * Files and variables with credentials after CNB_REGISTRY_AUTH, in the order in which they are asked (decision 0009): what a variable
 * names, containers' files, docker's, and GitLab's variable.
 */
export function credentialPlaces({ env, home, uid }: PlacesInput): readonly CredentialPlace[] {
  const named = nonEmpty(env['REGISTRY_AUTH_FILE']);
  const runtimeFile = runtimePath(nonEmpty(env['XDG_RUNTIME_DIR']), uid);
  return [
    named === undefined ? notSet('REGISTRY_AUTH_FILE') : file(`REGISTRY_AUTH_FILE ${named}`, named, 'named'),
    runtimeFile === undefined ? notSet('XDG_RUNTIME_DIR') : file(runtimeFile, runtimeFile),
    containersConfig(env, home),
    dockerConfig(env, home),
    home === undefined
      ? noHome('~/.dockercfg')
      : { ...file('~/.dockercfg', join(home, '.dockercfg')), format: 'legacy' },
    gitlabVariable(nonEmpty(env['DOCKER_AUTH_CONFIG'])),
  ];
}

/** The files that may hold credentials, for whoever must keep them from others. */
export function credentialFiles(input: PlacesInput): readonly string[] {
  return credentialPlaces(input).flatMap(({ source }) => (source.kind === 'file' ? [source.path] : []));
}

/** Docker's config.json: where docker, and so do we, writes to. */
export function dockerConfig(env: PlacesInput['env'], home: string | undefined): CredentialPlace {
  const directory = nonEmpty(env['DOCKER_CONFIG']);
  if (directory !== undefined) {
    const path = join(directory, 'config.json');
    return { ...file(path, path, 'named'), isUsual: true };
  }
  if (home === undefined || home === '') return { ...noHome('docker config (no home directory)'), isUsual: true };
  // That it may not be read is told, as it always was: docker's own programs fail there too.
  return { ...file('~/.docker/config.json', join(home, '.docker', 'config.json'), 'named'), isUsual: true };
}

function containersConfig(env: PlacesInput['env'], home: string | undefined): CredentialPlace {
  const config = nonEmpty(env['XDG_CONFIG_HOME']);
  const rest = ['containers', 'auth.json'];
  if (config !== undefined) return file(join(config, ...rest), join(config, ...rest));
  return home === undefined
    ? noHome('~/.config/containers/auth.json')
    : file('~/.config/containers/auth.json', join(home, '.config', ...rest));
}

/** Without XDG_RUNTIME_DIR podman and skopeo write below /run/containers. */
function runtimePath(directory: string | undefined, uid: number | undefined): string | undefined {
  if (directory !== undefined) return join(directory, 'containers', 'auth.json');
  return uid === undefined || uid < 0 ? undefined : `/run/containers/${String(uid)}/auth.json`;
}

function gitlabVariable(text: string | undefined): CredentialPlace {
  const label = 'DOCKER_AUTH_CONFIG';
  return text === undefined
    ? notSet(label)
    : { label, format: 'auths', source: { kind: 'text', text }, isUsual: false };
}

function file(label: string, path: string, naming?: 'named'): CredentialPlace {
  return { label, format: 'auths', source: { kind: 'file', path, isNamed: naming === 'named' }, isUsual: false };
}

function notSet(label: string): CredentialPlace {
  return { label, format: 'auths', source: { kind: 'none', why: 'not set' }, isUsual: false };
}

function noHome(label: string): CredentialPlace {
  return { label, format: 'auths', source: { kind: 'none', why: 'no such file' }, isUsual: false };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
