import type { TargetMetadata } from '../../cnb/analyzed.ts';
import { goJson } from '../../oci/go-json.ts';
import type { Image } from '../../ports/image.ts';
import { targetMetadata } from '../analyze/target-metadata.ts';
import type { Obstacle } from './obstacle.ts';

/** The obstacles for an app of Platform API 0.12 and later (contract §17.4): its own mark, then its target. */
export function targetObstacles(app: Image, base: Image): readonly Obstacle[] {
  const marked: readonly Obstacle[] =
    app.config.labels['io.buildpacks.rebasable'] === 'false'
      ? [{ message: 'app image is not marked as rebasable' }]
      : [];
  const [before, after] = [targetMetadata(app), targetMetadata(base)];
  const differing = differences(before, after);
  if (Object.keys(differing).length === 0) return marked;
  const message = `unable to satisfy target os/arch constraints; new run image: ${targetJson(after)}, old run image: ${targetJson(before)}`;
  return [...marked, { message, details: differing }];
}

/** Os and architecture must be equal, variants unless one has none, and the distro when the new base says one. */
function differences(before: TargetMetadata, after: TargetMetadata): Readonly<Record<string, string>> {
  const [oldVariant, newVariant] = [before.archVariant ?? '', after.archVariant ?? ''];
  const facts: readonly (readonly [name: string, old: string, now: string, isSame: boolean])[] = [
    ['os', before.os, after.os, before.os === after.os],
    ['architecture', before.arch, after.arch, before.arch === after.arch],
    ['variant', oldVariant, newVariant, oldVariant === '' || newVariant === '' || oldVariant === newVariant],
    ...(after.distro === undefined
      ? []
      : ([
          ['distro', before.distro?.name ?? '', after.distro.name, isSame(before.distro?.name, after.distro.name)],
          [
            'distro version',
            before.distro?.version ?? '',
            after.distro.version,
            isSame(before.distro?.version, after.distro.version),
          ],
        ] as const)),
  ];
  return Object.fromEntries(
    facts.flatMap(([name, old, now, same]) => (same ? [] : [[name, `${old === '' ? 'none' : old} before, ${now}`]])),
  );
}

function isSame(old: string | undefined, now: string): boolean {
  return old !== undefined && old !== '' && old === now;
}

function targetJson({ id, os, arch, archVariant, distro }: TargetMetadata): string {
  return goJson({ id, os, arch, 'arch-variant': archVariant, distro });
}
