import { SlipwayError } from '../core/errors.ts';
import type { LogLevel } from '../core/events.ts';
import { moduleName, type ModuleKind } from './module.ts';

/** What becomes of an API that is supported but deprecated: nothing is said, a warning, or a failure. */
export type DeprecationMode = 'quiet' | 'warn' | 'error';

/** The deprecated APIs (contract §1.3) and what becomes of them. */
export interface Deprecations {
  readonly mode: DeprecationMode;
  readonly platformApis: readonly string[];
  readonly buildpackApis: readonly string[];
}

/** No API is deprecated so far. */
export const NO_DEPRECATIONS: Deprecations = { mode: 'warn', platformApis: [], buildpackApis: [] };

type Log = (level: LogLevel, message: string) => void;

/** CNB_DEPRECATION_MODE: `quiet` and `error` are told apart, everything else warns. */
export function parseDeprecationMode(text: string | undefined): DeprecationMode {
  return text === 'quiet' || text === 'error' ? text : 'warn';
}

/** Throws `PLATFORM_API_UNSUPPORTED` (exit 11) for a deprecated Platform API where that is an error. */
export function checkPlatformApi(api: string, deprecations: Deprecations, log: Log): void {
  if (!deprecations.platformApis.includes(api)) return;
  if (isAllowed(`Platform requested deprecated API '${api}'`, deprecations.mode, log)) return;
  throw new SlipwayError(
    'PLATFORM_API_UNSUPPORTED',
    `failed to set platform API: platform API version '${api}' is incompatible with the lifecycle`,
    { hint: HINT },
  );
}

export interface ApiUser {
  readonly kind: ModuleKind;
  readonly id: string;
  readonly version: string;
  readonly api: string;
}

/** Throws `BUILDPACK_API_UNSUPPORTED` (exit 12) for a module with a deprecated Buildpack API where that is an error. */
export function checkBuildpackApi(module: ApiUser, deprecations: Deprecations, log: Log): void {
  const { api } = module;
  if (!deprecations.buildpackApis.includes(api)) return;
  const subject = apiSubject(module);
  if (isAllowed(`${subject} requests deprecated API '${api}'`, deprecations.mode, log)) return;
  throw new SlipwayError(
    'BUILDPACK_API_UNSUPPORTED',
    `failed to set API for ${subject}: buildpack API version '${api}' is incompatible with the lifecycle`,
    { hint: HINT },
  );
}

/** `Buildpack 'id@version'`, as messages about its API name a module. */
export function apiSubject(module: Omit<ApiUser, 'api'>): string {
  return `${module.kind === 'buildpack' ? 'Buildpack' : 'Extension'} '${moduleName(module)}'`;
}

const HINT = 'set CNB_DEPRECATION_MODE=warn, or ask for a newer API' as const;

function isAllowed(message: string, mode: DeprecationMode, log: Log): boolean {
  if (mode === 'warn') log('warn', message);
  if (mode !== 'error') return true;
  log('error', message);
  log('error', 'Deprecated APIs are disabled by CNB_DEPRECATION_MODE=error');
  return false;
}
