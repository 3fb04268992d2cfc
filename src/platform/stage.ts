import type { ErrorCode } from '../core/error-codes.ts';
import type { PhaseName } from '../core/events.ts';
import { retold, SlipwayError } from '../core/errors.ts';

/** Runs a part of a phase; what it throws gets the part's words and exit code. */
export type Guard = <T>(phase: PhaseName, task: () => Promise<T>) => Promise<T>;

/** Exit codes of phases for causes that have none of their own (contract §3). */
const PHASE_EXITS: Readonly<Record<PhaseName, number>> = {
  analyze: 32,
  detect: 22,
  generate: 92,
  restore: 42,
  build: 52,
  export: 62,
  rebase: 72,
  extend: 102,
  launch: 82,
};

/** `failed to <words>: <cause>` as the lifecycle prints it; a cause that says so already is left alone. */
export async function stage<T>(words: string, exit: number, task: () => T | Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw withWords(error, words, exit);
  }
}

/** The lifecycle programs' guard: `failed to detect: …`. */
export const lifecycleGuard: Guard = (phase, task) => stage(phase, PHASE_EXITS[phase], task);

/** What the lifecycle's programs put before a cause. */
const LIFECYCLE_WORDS =
  /^(?:failed to (?:initialize \w+|analyze|detect|generate|restore|build|export): |validating registry (?:read|write) access: )+/;

/** Causes that begin like a phase's words and are said after them. */
const PARTS = /^failed to (?:write image to the following tags|parse metadata for layers)\b/;

/** Causes that the lifecycle names in words only its authors understand. */
const PLAIN_WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  DETECT_NONE_PASSED: 'no group of buildpacks fits the app',
  DETECT_FAILED: 'no group of buildpacks fits the app, and at least one of them failed',
};

/** The guard of `slipway`: the phase's exit code, and the cause without the lifecycle's words. */
export const plainGuard: Guard = async (phase, task) => {
  try {
    return await task();
  } catch (error) {
    const said = error instanceof SlipwayError ? PLAIN_WORDS[error.code] : undefined;
    throw withWords(error, '', PHASE_EXITS[phase], said);
  }
};

function withWords(error: unknown, words: string, exit: number, said?: string): unknown {
  if (!(error instanceof SlipwayError)) return error;
  return retold(error, { message: said ?? messageWith(words, error.message), exit: error.exit ?? exit });
}

function messageWith(words: string, message: string): string {
  if (words === '') return message.replace(LIFECYCLE_WORDS, '');
  const isWhole = message.startsWith('failed to ') && !PARTS.test(message);
  return isWhole ? message : `failed to ${words}: ${message}`;
}
