import type { TargetMetadata } from './analyzed.ts';
import type { ModuleKind, Target } from './module.ts';

/** Any target matches, or there is none (contract §7.5). `onTry` is called before each comparison. */
export function matchesTarget(
  module: { readonly targets: readonly Target[] },
  target: TargetMetadata,
  onTry?: (target: Target) => void,
): boolean {
  if (module.targets.length === 0) return true;
  return module.targets.some((wanted) => {
    onTry?.(wanted);
    return matchesOne(wanted, target);
  });
}

/** What a module without `[[targets]]` runs on (contract §7.6); [] = anything. */
export function inferTargets(module: {
  readonly kind: ModuleKind;
  readonly api: string;
  readonly stacks: readonly string[];
  readonly hasBuild: boolean;
  readonly hasDetect: boolean;
  readonly hasGenerate: boolean;
}): readonly Target[] {
  if (module.kind === 'extension') return module.hasDetect || module.hasGenerate ? [anyOn('linux')] : [anyOn('')];
  const fromStacks = module.stacks.flatMap((id) => targetOfStack(id, module.api, module.stacks.length));
  if (fromStacks.length > 0) return fromStacks;
  return module.hasBuild ? [anyOn('linux')] : [];
}

/** `ID` and `VERSION_ID` of an os-release file (contract §7.5); undefined when it has neither. */
export function parseOsRelease(text: string): { readonly name: string; readonly version: string } | undefined {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [key, value, ...rest] = line.split('=');
    if (value === undefined || rest.length > 0 || (key !== 'ID' && key !== 'VERSION_ID') || values.has(key)) continue;
    values.set(key, value.replace(/^[" ]+|[" ]+$/g, ''));
  }
  if (values.size === 0) return undefined;
  return { name: values.get('ID') ?? '', version: values.get('VERSION_ID') ?? '' };
}

/**
 * The target with what it lacks taken from the build environment (contract §7.4): os-release for the distro, linux and the host's
 * architecture only when nothing is known of the run image. A target that has a distro comes back as it is.
 */
export function completeTarget(
  target: TargetMetadata | undefined,
  osRelease: string | undefined,
  hostArchitecture: string,
): TargetMetadata {
  if (target?.distro !== undefined) return target;
  const distro = osRelease === undefined ? undefined : parseOsRelease(osRelease);
  return {
    ...target,
    os: orElse(target?.os, 'linux'),
    arch: orElse(target?.arch, hostArchitecture),
    ...(distro === undefined ? {} : { distro }),
  };
}

/** Go's print of a target struct: `{linux amd64  [{ubuntu 24.04}]}`. */
export function printTarget(target: Target): string {
  const distros = target.distros.map((distro) => `{${distro.name} ${distro.version}}`).join(' ');
  return `{${target.os} ${target.arch} ${target.archVariant} [${distros}]}`;
}

function orElse(text: string | undefined, fallback: string): string {
  return text === undefined || text === '' ? fallback : text;
}

function matchesOne(wanted: Target, target: TargetMetadata): boolean {
  return (
    matchesText(wanted.os, target.os) &&
    matchesText(wanted.arch, target.arch) &&
    matchesText(wanted.archVariant, target.archVariant ?? '') &&
    matchesDistro(wanted, target)
  );
}

function matchesDistro(wanted: Target, target: TargetMetadata): boolean {
  if (wanted.distros.length === 0) return true;
  const { distro } = target;
  if (distro === undefined) return false;
  return wanted.distros.some((one) => matchesText(one.name, distro.name) && matchesText(one.version, distro.version));
}

function matchesText(a: string, b: string): boolean {
  return a === '' || b === '' || a === b;
}

function targetOfStack(id: string, api: string, stackCount: number): readonly Target[] {
  if (id === '*') return [anyOn('')];
  if (id !== 'io.buildpacks.stacks.bionic') return [];
  const minor = Number(/^v?0\.(\d+)$/.exec(api)?.[1] ?? 0);
  if (minor < 10 && stackCount > 1) return [];
  return [{ os: 'linux', arch: 'amd64', archVariant: '', distros: [{ name: 'ubuntu', version: '18.04' }] }];
}

function anyOn(os: string): Target {
  return { os, arch: '', archVariant: '', distros: [] };
}
