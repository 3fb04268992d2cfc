import type { TargetMetadata } from './analyzed.ts';
import type { Target } from './module.ts';

/** Any target matches, or there is none (contract §7.5). `onTry` is called before each comparison. */
export function matchesTarget(
  _module: { readonly targets: readonly Target[] },
  _target: TargetMetadata,
  _onTry?: (target: Target) => void,
): boolean {
  throw new Error('not yet');
}

/** `ID` and `VERSION_ID` of an os-release file (contract §7.5); undefined when it has neither. */
export function parseOsRelease(_text: string): { readonly name: string; readonly version: string } | undefined {
  throw new Error('not yet');
}

/** The target with what it lacks taken from the build environment (contract §7.4): os-release for the distro, the host for the rest. */
export function completeTarget(
  _target: TargetMetadata | undefined,
  _osRelease: string | undefined,
  _hostArchitecture: string,
): TargetMetadata {
  throw new Error('not yet');
}
