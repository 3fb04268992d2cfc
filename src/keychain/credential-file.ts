import { readFile } from 'node:fs/promises';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import type { Credentials } from '../registry/options.ts';
import { isObject, type JsonObject } from '../schema/reader.ts';
import { decodeBasic } from './basic.ts';
import { createEntries, type Entries } from './entries.ts';
import { hostOfKey, pathOfKey } from './names.ts';
import type { CredentialPlace } from './places.ts';

/** Docker's config.json, containers' auth.json or the value of DOCKER_AUTH_CONFIG, as far as credentials go. */
export interface CredentialFile {
  readonly entries: Entries;
  /** Host → suffix of its credential helper. */
  readonly helpers: ReadonlyMap<string, string>;
  readonly store: string | undefined;
}

/** Absent is fine; what cannot be read or is no JSON is `CREDENTIALS_INVALID`, without anything that stands in it. */
export async function readPlace({ label, format, source }: CredentialPlace): Promise<CredentialFile | string> {
  if (source.kind === 'none') return source.why;
  if (source.kind === 'text') return decodeFile(parseFile(source.text, label), format);
  const { path, isNamed } = source;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return 'no such file';
    // Another user's directory that is still in the environment after a change of user.
    if (!isNamed && isSystem(error, 'EACCES', 'EPERM')) return 'may not be read';
    throw new SlipwayError('CREDENTIALS_INVALID', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  return decodeFile(parseFile(text, path), format);
}

/** The JSON object of a file; an empty file is an empty object. */
export function parseFile(text: string, name: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The parser's message quotes the text around the fault, which may be secret.
    throw new SlipwayError('CREDENTIALS_INVALID', `${name} is not JSON`, { hint: 'log in again, or repair the file' });
  }
  if (!isObject(value)) throw new SlipwayError('CREDENTIALS_INVALID', `${name} is not a JSON object`);
  return value;
}

export function decodeFile(value: JsonObject, format: CredentialPlace['format']): CredentialFile {
  const entries = new Map<string, Credentials>();
  for (const [key, entry] of Object.entries(format === 'legacy' ? value : tableOf(value['auths']))) {
    const credentials = isObject(entry) ? credentialsOf(entry) : undefined;
    if (credentials !== undefined) entries.set(pathOfKey(key), credentials);
  }
  const helpers = new Map<string, string>();
  for (const [key, suffix] of Object.entries(tableOf(value['credHelpers'])))
    if (isSuffix(suffix)) helpers.set(hostOfKey(key), suffix);
  return {
    entries: createEntries(entries),
    helpers,
    store: isSuffix(value['credsStore']) ? value['credsStore'] : undefined,
  };
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
