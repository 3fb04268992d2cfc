import { readFile, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { withLock } from '../core/lock-directory.ts';
import { isObject, type JsonObject } from '../schema/reader.ts';
import { decodeFile, parseFile } from './credential-file.ts';
import { helperFailure, isNotFound } from './helper.ts';
import { removeMember, setMember } from './json-edit.ts';
import { dockerKey, formatLoginTarget, isKeyOf, type LoginTarget } from './login-target.ts';
import { aliasesOf } from './names.ts';
import { dockerConfig, type PlacesInput } from './places.ts';
import { runHelper, type HelperCall } from './run-helper.ts';

/** The file that logins are written to. */
export interface LoginFile {
  readonly path: string;
  /** `containers`: an auth.json, where Docker Hub is `docker.io`. */
  readonly style: 'docker' | 'containers';
}

export interface LoginPlaceInput extends PlacesInput {
  readonly cwd: string;
  /** `--authfile`. */
  readonly authFile?: string;
}

/** `--authfile`, the file that REGISTRY_AUTH_FILE names, docker's config.json. Throws `CREDENTIALS_INVALID` when there is no home. */
export function loginFile({ env, home, cwd, authFile }: LoginPlaceInput): LoginFile {
  const named = authFile ?? env['REGISTRY_AUTH_FILE'];
  if (named !== undefined && named !== '') return { path: resolve(cwd, named), style: 'containers' };
  const { source } = dockerConfig(env, home);
  if (source.kind !== 'file')
    throw new SlipwayError('CREDENTIALS_INVALID', 'there is no home directory for a docker config', {
      hint: 'set DOCKER_CONFIG, or name a file with --authfile',
    });
  return { path: resolve(cwd, source.path), style: 'docker' };
}

export interface Login {
  readonly target: LoginTarget;
  readonly username: string;
  readonly password: string;
}

/**
 * Keeps credentials with the helper that the file names for the registry, else in the file itself: mode 0600, replaced as a whole,
 * everything else in it byte for byte. Returns where they are. Throws `CREDENTIALS_INVALID`, `NOT_SUPPORTED`, `WRITE_FAILED`.
 */
export function storeLogin(file: LoginFile, login: Login, env: PlacesInput['env'], ctx: Context): Promise<string> {
  return edit(file, ctx, async (text, value) => {
    const { target, username, password } = login;
    const helper = helperOf(value, target, file.path);
    const key = keyIn(file, target);
    if (helper === undefined) {
      const entry = { auth: Buffer.from(`${username}:${password}`).toString('base64') };
      return { text: setMember(text, ['auths', key], JSON.stringify(entry)), result: file.path };
    }
    const input = JSON.stringify({ ServerURL: dockerKey(target), Username: username, Secret: password });
    await tellHelper({ suffix: helper, action: 'store', input, env }, ctx);
    // Docker notes there which registries its store knows.
    return { text: setMember(text, ['auths', key], '{}'), result: `docker-credential-${helper}` };
  });
}

/** Removes them from the file and its helper. Returns the places that had something. */
export async function eraseLogin(
  file: LoginFile,
  target: LoginTarget,
  env: PlacesInput['env'],
  ctx: Context,
): Promise<readonly string[]> {
  if ((await readText(file.path)) === undefined) return [];
  return edit(file, ctx, async (text, value) => {
    const places: string[] = [];
    const helper = target.path === '' ? helperOf(value, target, file.path) : undefined;
    if (
      helper !== undefined &&
      (await tellHelper({ suffix: helper, action: 'erase', input: dockerKey(target), env }, ctx))
    )
      places.push(`docker-credential-${helper}`);
    const auths = value['auths'];
    const keys = isObject(auths) ? Object.keys(auths).filter((key) => isKeyOf(key, target)) : [];
    if (keys.length > 0 && helper === undefined) places.push(file.path);
    return { text: keys.reduce((current, key) => removeMember(current, ['auths'], key), text), result: places };
  });
}

interface Edited<T> {
  readonly text: string;
  readonly result: T;
}

/** Reads, edits and replaces the file while no other slipway does. A link is followed, and stays one. */
async function edit<T>(
  { path }: LoginFile,
  ctx: Context,
  change: (text: string, value: JsonObject) => Promise<Edited<T>>,
): Promise<T> {
  const real = await realpath(path).catch((error: unknown) => {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return path;
    throw unreadable(path, error);
  });
  return withLock(`${real}.lock`, ctx, async () => {
    const found = await readText(real);
    const text = found === undefined || found.trim() === '' ? '{}\n' : found;
    const value = parseFile(text, path);
    if (value['auths'] !== undefined && !isObject(value['auths']))
      throw new SlipwayError('CREDENTIALS_INVALID', `"auths" of ${path} is no object`, { hint: 'repair the file' });
    const edited = await change(text, value);
    if (edited.text !== text) await writeFileAtomic(real, edited.text, { mode: 0o600 });
    return edited.result;
  });
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): SlipwayError {
  return new SlipwayError('CREDENTIALS_INVALID', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
}

function keyIn({ style }: LoginFile, target: LoginTarget): string {
  return style === 'docker' ? dockerKey(target) : formatLoginTarget(target);
}

/** The helper that keeps credentials of the registry. Helpers know no parts of registries. */
function helperOf(value: JsonObject, target: LoginTarget, path: string): string | undefined {
  const file = decodeFile(value, 'auths');
  const named = aliasesOf(target.registry).flatMap((name) => file.helpers.get(name) ?? [])[0];
  const helper = named ?? file.store;
  if (helper !== undefined && target.path !== '')
    throw new SlipwayError('NOT_SUPPORTED', `docker-credential-${helper} keeps credentials of whole registries only`, {
      details: { 'named in': path },
      hint: 'log in to the registry without a path, or keep them in another file with --authfile',
    });
  return helper;
}

/** False when it had nothing to erase. Throws `CREDENTIALS_INVALID` when it fails; what it said is not shown. */
async function tellHelper(call: HelperCall, ctx: Context): Promise<boolean> {
  const name = `docker-credential-${call.suffix}`;
  let failure: string;
  let cause: unknown;
  try {
    const { code, output } = await runHelper(call, ctx);
    if (code === 0) return true;
    if (call.action === 'erase' && isNotFound(output)) return false;
    failure = `failed to ${call.action} (status ${String(code)})`;
  } catch (error) {
    ctx.signal.throwIfAborted();
    failure = helperFailure(error);
    cause = error;
  }
  throw new SlipwayError('CREDENTIALS_INVALID', `${name} ${failure}`, {
    hint: `install ${name}, or keep credentials in a file with --authfile`,
    ...(cause === undefined ? {} : { cause }),
  });
}
