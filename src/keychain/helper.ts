import type { Context } from '../core/context.ts';
import { hasCode, isSystem, systemCode } from '../core/errors.ts';
import type { Credentials } from '../registry/options.ts';
import { isObject } from '../schema/reader.ts';
import { runHelper, type HelperCall } from './run-helper.ts';

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
  { suffix, host }: { readonly suffix: string; readonly host: string },
  { env, timeoutMs }: Pick<HelperCall, 'env' | 'timeoutMs'>,
  ctx: Context,
): Promise<HelperAnswer> {
  const call: HelperCall = { suffix, action: 'get', input: host, env };
  try {
    const { code, output } = await runHelper(timeoutMs === undefined ? call : { ...call, timeoutMs }, ctx);
    if (code === 0) return decode(output, host);
    return isNotFound(output)
      ? { text: `has no entry for ${host}` }
      : { text: `failed for ${host} (status ${String(code)})` };
  } catch (error) {
    ctx.signal.throwIfAborted();
    return { text: helperFailure(error) };
  }
}

/** Why a helper could not be run, to continue `docker-credential-NAME …`. */
export function helperFailure(error: unknown): string {
  if (isSystem(error, 'ENOENT')) return 'is not on PATH';
  if (hasCode(error, 'CONTENT_MISMATCH')) return 'answered with too much';
  const code = systemCode(error);
  return code === undefined || code === 'ABORT_ERR' || code === 'ERR_STREAM_PREMATURE_CLOSE'
    ? 'took too long'
    : `could not be run (${code})`;
}

/** The words of every helper for "nothing there". */
export function isNotFound(output: string): boolean {
  return /credentials not found/i.test(output);
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
