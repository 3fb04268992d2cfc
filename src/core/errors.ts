import { ERROR_CODES, type ErrorCode, type ErrorCodeInfo } from './error-codes.ts';

/** A way out that names a flag: data, so that each front end can print its own flag's name. */
export type Remedy =
  | { readonly kind: 'text'; readonly text: string }
  /** `isOnlyWay`: another image cannot be named instead. */
  | { readonly kind: 'choose-platform'; readonly offered: readonly string[]; readonly isOnlyWay?: boolean }
  | { readonly kind: 'choose-run-image' }
  | { readonly kind: 'choose-launcher' }
  | { readonly kind: 'force-rebase' }
  /** `place`: the registry with the repository, whose credentials were looked for. */
  | { readonly kind: 'log-in'; readonly registry: string; readonly place?: string }
  | { readonly kind: 'allow-insecure'; readonly registry: string }
  | { readonly kind: 'trust-realm'; readonly host: string };

export interface ErrorOptions {
  /** What to do. A string is printed as it is. */
  readonly hint?: string | Remedy;
  /** Labelled facts printed one a line below the message: `{offered: 'linux/amd64', resolved: '…'}`. No secrets. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
  /** Overrides the code's own exit code (contract §3). */
  readonly exit?: number;
}

/** The one error class: `code` for programs, `message` (what, with its subject), `details` and `hint` for people. */
export class SlipwayError extends Error {
  readonly code: ErrorCode;
  readonly hint: Remedy | undefined;
  readonly details: Readonly<Record<string, string>>;
  /** Exit code that the contract names for this cause, if any. */
  readonly exit: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SlipwayError';
    this.code = code;
    this.hint = typeof options.hint === 'string' ? { kind: 'text', text: options.hint } : options.hint;
    this.details = options.details ?? {};
    const info: ErrorCodeInfo = ERROR_CODES[code];
    this.exit = options.exit ?? info.exit;
  }
}

/** What is told anew of an error. */
export interface Retelling {
  readonly message?: string;
  /** Added to those that it has. */
  readonly details?: Readonly<Record<string, string>>;
  readonly exit?: number | undefined;
}

/** The error as its cause's new telling: what is not given stays, code and hint always. */
export function retold(error: SlipwayError, { message = error.message, details, exit }: Retelling): SlipwayError {
  const code = exit ?? error.exit;
  return new SlipwayError(error.code, message, {
    cause: error,
    details: { ...error.details, ...details },
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(code === undefined ? {} : { exit: code }),
  });
}

/** True for a `SlipwayError` with one of the codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is SlipwayError {
  return error instanceof SlipwayError && codes.includes(error.code);
}

/** The `code` of a system error (`ENOENT`, `EACCES`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && !(error instanceof SlipwayError)) {
    return error.code;
  }
  return undefined;
}

/** True for a system error with one of the codes: `isSystem(e, 'ENOENT')`. */
export function isSystem(error: unknown, ...codes: readonly string[]): boolean {
  const code = systemCode(error);
  return code !== undefined && codes.includes(code);
}

/** The message of whatever was thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
