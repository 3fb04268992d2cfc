import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';

const MAX_OUTPUT_BYTES = 1024 * 1024;
const TIMEOUT_MS = 60_000;

export interface HelperCall {
  /** `docker-credential-<suffix>` on PATH. */
  readonly suffix: string;
  readonly action: 'get' | 'store' | 'erase';
  readonly input: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default 60 000. */
  readonly timeoutMs?: number;
}

export interface HelperOutcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a credential helper to its end. Throws what keeps it from starting, from ending in time and from answering in short. */
export async function runHelper(call: HelperCall, ctx: Context): Promise<HelperOutcome> {
  const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS)]);
  const child = spawn(`docker-credential-${call.suffix}`, [call.action], {
    env: { ...call.env },
    stdio: ['pipe', 'pipe', 'ignore'],
    killSignal: 'SIGKILL',
    signal,
  });
  // A program that it started may keep the pipe open after it is gone.
  const onAbort = (): void => void child.stdout.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const closed = once(child, 'close');
    // A helper may answer without reading its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(call.input);
    const reading = collect(child.stdout, MAX_OUTPUT_BYTES, 'its answer').catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    const [output] = await Promise.all([reading, closed]);
    return { code: child.exitCode, output: output.toString() };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
