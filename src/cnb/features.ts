import { SlipwayError } from '../core/errors.ts';

/** What the asked Platform API switches on: read once at the edge, so that no version is compared in the middle. */
export interface PlatformFeatures {
  readonly api: string;
  /** ≥ 0.8: SBOM files are gathered, exported, cached and restored. */
  readonly hasSboms: boolean;
  /** < 0.9: the legacy bill of materials is in metadata.toml, label and report; from then on in `sbom.legacy.json` files. */
  readonly hasBomTables: boolean;
  /** ≥ 0.9: SOURCE_DATE_EPOCH. */
  readonly hasSourceDateEpoch: boolean;
  /** < 0.10: metadata.toml and the label hold a command as one string, and always a list of arguments. */
  readonly hasStringCommands: boolean;
  /** ≥ 0.10: the order's extensions count; before, they are not looked at. */
  readonly hasExtensions: boolean;
  /** ≥ 0.10: the creator restores store.toml files even with `-skip-restore`. */
  readonly alwaysRestores: boolean;
  /** ≥ 0.11: SBOMs of lifecycle and launcher go into the image. */
  readonly hasLauncherSboms: boolean;
  /** ≥ 0.12: run.toml instead of stack.toml. */
  readonly hasRunToml: boolean;
  /** ≥ 0.12: the run image's name and target are in analyzed.toml and label, and buildpacks must match the target. */
  readonly hasTargets: boolean;
  /** ≥ 0.12: history entries keep their texts; before, they hold nothing but a date. */
  readonly keepsHistory: boolean;
  /** ≥ 0.13: extensions are no experiment any more. */
  readonly hasStableExtensions: boolean;
  /** ≥ 0.13: an extension's files stay together in `<generated>/<id>`, context directories among them. */
  readonly hasContextDirs: boolean;
  /** ≥ 0.14: the restorer checks that the run image can be read. */
  readonly checksRunImage: boolean;
  /** ≥ 0.14: cached launch layers that are missing from the app image are restored. */
  readonly restoresCachedLaunchLayers: boolean;
  /** ≥ 0.15: system.toml, exec-env filtering and the exec-env label. */
  readonly hasExecEnv: boolean;
}

/** What a buildpack's Buildpack API switches on. */
export interface BuildpackFeatures {
  readonly api: string;
  /** ≥ 0.8: `working-dir` of a process. */
  readonly hasWorkingDirs: boolean;
  /** ≥ 0.8: the paths that a program is given are in variables too (CNB_LAYERS_DIR, CNB_PLATFORM_DIR, …). */
  readonly hasPathVariables: boolean;
  /** < 0.9: commands are one string, and `direct` says whether a shell starts them. */
  readonly hasShellProcesses: boolean;
  /** < 0.9: arguments that a user gives at launch come after a process's own; from then on they replace them. */
  readonly appendsArguments: boolean;
  /** ≥ 0.10: CNB_TARGET_* variables. */
  readonly hasTargets: boolean;
  /** ≥ 0.12: exec-env of the buildpack and CNB_EXEC_ENV. */
  readonly hasExecEnv: boolean;
}

export const PLATFORM_APIS: readonly string[] = ['0.7', '0.8', '0.9', '0.10', '0.11', '0.12', '0.13', '0.14', '0.15'];
export const BUILDPACK_APIS: readonly string[] = ['0.7', '0.8', '0.9', '0.10', '0.11', '0.12'];

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
  const from = (minor: number): boolean => isAtLeast(version, 0, minor);
  return {
    api: formatApi(version),
    hasSboms: from(8),
    hasBomTables: !from(9),
    hasSourceDateEpoch: from(9),
    hasStringCommands: !from(10),
    hasExtensions: from(10),
    alwaysRestores: from(10),
    hasLauncherSboms: from(11),
    hasRunToml: from(12),
    hasTargets: from(12),
    keepsHistory: from(12),
    hasStableExtensions: from(13),
    hasContextDirs: from(13),
    checksRunImage: from(14),
    restoresCachedLaunchLayers: from(14),
    hasExecEnv: from(15),
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
      {
        hint: `${BUILDPACK_APIS.at(0) ?? ''} to ${BUILDPACK_APIS.at(-1) ?? ''} are supported: use another version of it, or a newer slipway`,
      },
    );
  }
  const from = (minor: number): boolean => isAtLeast(version, 0, minor);
  return {
    api: formatApi(version),
    hasWorkingDirs: from(8),
    hasPathVariables: from(8),
    hasShellProcesses: !from(9),
    appendsArguments: !from(9),
    hasTargets: from(10),
    hasExecEnv: from(12),
  };
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
