import { goJson } from '../oci/go-json.ts';
import type { TargetMetadata } from './analyzed.ts';
import type { Target } from './module.ts';

/** The Go lifecycle's words for a module that is for other targets (contract §7.2). */
export function misfitText(target: TargetMetadata, wanted: readonly Target[]): string {
  return `unable to satisfy target os/arch constraints; run image: ${targetJson(target)}, buildpack: ${targetsJson(wanted)}`;
}

function targetJson(target: TargetMetadata): string {
  return goJson({
    id: target.id,
    os: target.os,
    arch: target.arch,
    'arch-variant': target.archVariant,
    distro: target.distro === undefined ? undefined : { name: target.distro.name, version: target.distro.version },
  });
}

function targetsJson(targets: readonly Target[]): string {
  return goJson(
    targets.map((target) => ({
      os: target.os,
      arch: target.arch,
      'arch-variant': target.archVariant === '' ? undefined : target.archVariant,
      distros:
        target.distros.length === 0
          ? undefined
          : target.distros.map((distro) => ({ name: distro.name, version: distro.version })),
    })),
  );
}
