import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import type { Context } from '../core/context.ts';
import { isSystem, systemCode } from '../core/errors.ts';
import type { Credentials } from '../registry/options.ts';
import { isObject } from '../schema/reader.ts';

const TIMEOUT_MS = 60_000;

/** What a helper said: credentials or none, and words for the trace that continue `docker-credential-NAME …`. */
export interface HelperAnswer {
  readonly credentials?: Credentials;
  readonly text: string;
}

/**
 * `docker-credential-SUFFIX get` with the host on stdin (docker's credential helper protocol). A helper that is missing or fails
 * gives no credentials and says so in the trace: the registry may serve anonymous requests. Its output is never shown.
 */
export async function askHelper(
  suffix: string,
  host: string,
  env: Readonly<Record<string, string | undefined>>,
  ctx: Context,
): Promise<HelperAnswer> {
  try {
    const { code, output } = await run(`docker-credential-${suffix}`, host, env, ctx);
    if (code === 0) return decode(output, host);
    return /credentials not found/i.test(output)
      ? { text: `has no entry for ${host}` }
      : { text: `failed for ${host} (status ${String(code)})` };
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (isSystem(error, 'ENOENT')) return { text: 'is not on PATH' };
    return { text: `could not be run (${systemCode(error) ?? 'it took too long'})` };
  }
}

async function run(
  program: string,
  host: string,
  env: Readonly<Record<string, string | undefined>>,
  ctx: Context,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(program, ['get'], {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  const closed = once(child, 'close');
  // A helper may answer without reading its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(host);
  const [output] = await Promise.all([readText(child.stdout), closed]);
  return { code: child.exitCode, output };
}

function decode(output: string, host: string): HelperAnswer {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const name = isObject(value) ? value['Username'] : undefined;
  const secret = isObject(value) ? value['Secret'] : undefined;
  if (typeof name !== 'string' || typeof secret !== 'string') return { text: `gave no credentials for ${host}` };
  if (name === '' && secret === '') return { text: `has no entry for ${host}` };
  const credentials: Credentials =
    name === '<token>' ? { kind: 'identity', token: secret } : { kind: 'basic', username: name, password: secret };
  return { credentials, text: `has an entry for ${host}` };
}
