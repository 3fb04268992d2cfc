import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import type { Credentials } from '../registry/options.ts';
import { isObject, type JsonObject } from '../schema/reader.ts';
import { decodeBasic } from './basic.ts';
import { hostOfKey, pathOfKey } from './names.ts';

/** docker's config.json as far as credentials go. */
export interface DockerConfig {
  /** How the file is named in a trace: `~/.docker/config.json`. */
  readonly label: string;
  readonly isThere: boolean;
  /** The entry for a repository of a host (the longest matching key wins), or for the host. */
  readonly find: (wanted: {
    readonly repository: string;
    readonly names: readonly string[];
  }) => Credentials | undefined;
  /** Host → suffix of its credential helper. */
  readonly helpers: ReadonlyMap<string, string>;
  readonly store: string | undefined;
}

/** Reads `$DOCKER_CONFIG/config.json`, else `<home>/.docker/config.json`. Absent is fine; unreadable is `CREDENTIALS_INVALID`. */
export async function readDockerConfig(
  env: Readonly<Record<string, string | undefined>>,
  home: string | undefined,
): Promise<DockerConfig> {
  const place = placeOf(env['DOCKER_CONFIG'], home);
  if (place === undefined) return absent('docker config (no home directory)');
  const { path, label } = place;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return absent(label);
    throw new SlipwayError('CREDENTIALS_INVALID', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  return decode(parse(text, path), label);
}

function placeOf(directory: string | undefined, home: string | undefined): { path: string; label: string } | undefined {
  if (directory !== undefined && directory !== '') {
    const path = join(directory, 'config.json');
    return { path, label: path };
  }
  if (home === undefined || home === '') return undefined;
  return { path: join(home, '.docker', 'config.json'), label: '~/.docker/config.json' };
}

function parse(text: string, path: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The parser's message quotes the text around the fault, which may be secret.
    throw new SlipwayError('CREDENTIALS_INVALID', `${path} is not JSON`, { hint: 'log in again, or repair the file' });
  }
  if (!isObject(value)) throw new SlipwayError('CREDENTIALS_INVALID', `${path} is not a JSON object`);
  return value;
}

function decode(value: JsonObject, label: string): DockerConfig {
  const entries = new Map<string, Credentials>();
  for (const [key, entry] of Object.entries(tableOf(value['auths']))) {
    const credentials = isObject(entry) ? credentialsOf(entry) : undefined;
    if (credentials !== undefined) entries.set(pathOfKey(key), credentials);
  }
  const helpers = new Map<string, string>();
  for (const [key, suffix] of Object.entries(tableOf(value['credHelpers'])))
    if (isSuffix(suffix)) helpers.set(hostOfKey(key), suffix);
  return {
    label,
    isThere: true,
    helpers,
    store: isSuffix(value['credsStore']) ? value['credsStore'] : undefined,
    find: ({ repository, names }) => {
      for (const path of prefixes(repository)) {
        const name = names.find((host) => entries.has(path === '' ? host : `${host}/${path}`));
        if (name !== undefined) return entries.get(path === '' ? name : `${name}/${path}`);
      }
      return undefined;
    },
  };
}

/** `a/b/c` → `a/b/c`, `a/b`, `a`, ''. */
function prefixes(repository: string): readonly string[] {
  const parts = repository.split('/');
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), ''];
}

function credentialsOf(entry: JsonObject): Credentials | undefined {
  const text = (key: string): string => (typeof entry[key] === 'string' ? entry[key] : '');
  if (text('registrytoken') !== '') return { kind: 'bearer', token: text('registrytoken') };
  if (text('identitytoken') !== '') return { kind: 'identity', token: text('identitytoken') };
  if (text('username') !== '') return { kind: 'basic', username: text('username'), password: text('password') };
  return text('auth') === '' ? undefined : decodeBasic(text('auth'));
}

/** The suffix is part of a program's name: nothing that could name another directory. */
function isSuffix(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9._-]+$/.test(value);
}

function tableOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function absent(label: string): DockerConfig {
  return { label, isThere: false, find: () => undefined, helpers: new Map(), store: undefined };
}
