import { SlipwayError } from '../core/errors.ts';
import type { ObjectReader } from '../schema/reader.ts';

/** What an image runs on (image-spec, image-index.md: `platform`). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

/** `linux/arm64` or `linux/arm/v7`. Throws `ARGUMENT_INVALID`. */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.split('/');
  const isPart = (part: string | undefined): part is string => part !== undefined && /^[a-z0-9._-]+$/.test(part);
  if (!isPart(os) || !isPart(architecture) || rest.length > 0 || (variant !== undefined && !isPart(variant))) {
    throw new SlipwayError('ARGUMENT_INVALID', `"${text}" is not a platform`, {
      hint: 'write os/architecture or os/architecture/variant, for example linux/arm64',
    });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

export function formatPlatform(platform: Platform): string {
  const base = `${platform.os === '' ? 'unknown' : platform.os}/${platform.architecture === '' ? 'unknown' : platform.architecture}`;
  return platform.variant === undefined || platform.variant === '' ? base : `${base}/${platform.variant}`;
}

export function readPlatform(reader: ObjectReader): Platform {
  const variant = reader.optionalString('variant');
  const osVersion = reader.optionalString('os.version');
  const osFeatures = reader.optionalStrings('os.features');
  return {
    os: reader.optionalString('os') ?? '',
    architecture: reader.optionalString('architecture') ?? '',
    ...(variant === undefined || variant === '' ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(osFeatures === undefined ? {} : { osFeatures }),
  };
}

/** The Go/OCI name of this machine's architecture; given by the caller, since pure layers do not ask the machine. */
export function architectureOf(nodeArch: string): string {
  const names: Readonly<Record<string, string>> = {
    x64: 'amd64',
    ia32: '386',
    arm64: 'arm64',
    arm: 'arm',
    ppc64: 'ppc64le',
    s390x: 's390x',
    riscv64: 'riscv64',
    loong64: 'loong64',
  };
  return names[nodeArch] ?? nodeArch;
}

/**
 * How well an offered platform serves a wanted one: 0 not at all, higher is better (contract GAP-2): same os and architecture;
 * variant equal, or one side without it, or a lower ARM variant that the wanted one can run.
 */
export function platformScore(offered: Platform, wanted: Platform): number {
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture) return 0;
  if (wanted.osVersion !== undefined && offered.osVersion !== undefined && wanted.osVersion !== offered.osVersion)
    return 0;
  const have = effectiveVariant(offered);
  const want = effectiveVariant(wanted);
  if (have === want) return 100;
  if (wanted.variant === undefined) return offered.architecture === 'arm' ? 50 + armLevel(have) : 50;
  if (offered.variant === undefined) return 40;
  if (offered.architecture !== 'arm') return 0;
  const haveLevel = armLevel(have);
  const wantLevel = armLevel(want);
  return haveLevel > 0 && haveLevel <= wantLevel ? 10 + haveLevel : 0;
}

function effectiveVariant(platform: Platform): string {
  if (platform.architecture === 'arm64') return platform.variant ?? 'v8';
  if (platform.architecture === 'amd64') return platform.variant ?? 'v1';
  return platform.variant ?? '';
}

function armLevel(variant: string): number {
  const match = /^v(\d)$/.exec(variant);
  return match?.[1] === undefined ? 0 : Number(match[1]);
}
