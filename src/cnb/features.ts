import { SlipwayError } from '../core/errors.ts';

/** What the asked Platform API switches on: read once at the edge, so that no version is compared in the middle. */
export interface PlatformFeatures {
  readonly api: string;
  /** ≥ 0.14: the restorer checks that the run image can be read, and restores cached launch layers missing from the app image. */
  readonly restoresCachedLaunchLayers: boolean;
  /** ≥ 0.15: system.toml, exec-env filtering and the exec-env label. */
  readonly hasExecEnv: boolean;
}

/** What a buildpack's Buildpack API switches on. */
export interface BuildpackFeatures {
  readonly api: string;
  /** ≥ 0.10: CNB_TARGET_* variables. */
  readonly hasTargets: boolean;
  /** ≥ 0.12: exec-env of the buildpack and CNB_EXEC_ENV. */
  readonly hasExecEnv: boolean;
}

export const PLATFORM_APIS: readonly string[] = ['0.14', '0.15'];
export const BUILDPACK_APIS: readonly string[] = ['0.9', '0.10', '0.11', '0.12'];

/** Contract §1.3. Throws `PLATFORM_API_UNSUPPORTED` (exit 11) with the texts of the contract. */
export function platformFeatures(text: string | undefined): PlatformFeatures {
  const asked = text?.trim() ?? '';
  if (asked === '') {
    throw new SlipwayError(
      'PLATFORM_API_UNSUPPORTED',
      "failed to get platform API version; please set 'CNB_PLATFORM_API' to specify the desired platform API version",
    );
  }
  const version = parseApi(asked);
  if (version === undefined)
    throw new SlipwayError('PLATFORM_API_UNSUPPORTED', `failed to parse platform API '${asked}'`);
  if (!PLATFORM_APIS.includes(formatApi(version))) {
    throw new SlipwayError(
      'PLATFORM_API_UNSUPPORTED',
      `failed to set platform API: platform API version '${asked}' is incompatible with the lifecycle`,
      {
        hint: `supported are ${PLATFORM_APIS.join(', ')}`,
      },
    );
  }
  return {
    api: formatApi(version),
    restoresCachedLaunchLayers: isAtLeast(version, 0, 14),
    hasExecEnv: isAtLeast(version, 0, 15),
  };
}

/** Contract §1.3. Throws `BUILDPACK_API_UNSUPPORTED` (exit 12). `subject` is `Buildpack 'id@version'`. */
export function buildpackFeatures(text: string | undefined, subject: string): BuildpackFeatures {
  const version = text === undefined ? undefined : parseApi(text);
  if (version === undefined) {
    throw new SlipwayError(
      'BUILDPACK_API_UNSUPPORTED',
      `failed to parse buildpack API '${text ?? ''}' for ${subject}`,
      {
        hint: 'its buildpack.toml needs a line such as api = "0.12"',
      },
    );
  }
  if (!BUILDPACK_APIS.includes(formatApi(version))) {
    throw new SlipwayError(
      'BUILDPACK_API_UNSUPPORTED',
      `failed to set API for ${subject}: buildpack API version '${text ?? ''}' is incompatible with the lifecycle`,
      { hint: `supported are ${BUILDPACK_APIS.join(', ')}` },
    );
  }
  return { api: formatApi(version), hasTargets: isAtLeast(version, 0, 10), hasExecEnv: isAtLeast(version, 0, 12) };
}

interface ApiVersion {
  readonly major: number;
  readonly minor: number;
}

/** `^v?(\d+)\.?(\d*)$`; a missing minor is 0. */
function parseApi(text: string): ApiVersion | undefined {
  const match = /^v?(\d+)\.?(\d*)$/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: match[2] === undefined || match[2] === '' ? 0 : Number(match[2]) };
}

function formatApi(version: ApiVersion): string {
  return `${String(version.major)}.${String(version.minor)}`;
}

function isAtLeast(version: ApiVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
