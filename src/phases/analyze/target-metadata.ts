import type { TargetMetadata } from '../../cnb/analyzed.ts';
import type { BaseImage } from '../../image/plan.ts';
import { isScratch } from '../../image/plan.ts';

/** What buildpacks are told about the target: from the image's config and labels, never from the host (design §2.4, GAP-10). */
export function targetMetadata(base: BaseImage): TargetMetadata {
  const { platform } = base;
  const labels = isScratch(base) ? {} : base.config.labels;
  const id = labels['io.buildpacks.base.id'];
  const name = labels['io.buildpacks.base.distro.name'];
  const version = labels['io.buildpacks.base.distro.version'];
  return {
    ...(id === undefined || id === '' ? {} : { id }),
    os: platform.os,
    arch: platform.architecture,
    ...(platform.variant === undefined ? {} : { archVariant: platform.variant }),
    ...(name === undefined && version === undefined ? {} : { distro: { name: name ?? '', version: version ?? '' } }),
  };
}
