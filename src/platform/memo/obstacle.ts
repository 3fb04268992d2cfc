import { isWithinPath } from '../../options/build/path-within.ts';
import { DEFAULT_WORKSPACE } from '../build/data.ts';
import type { BuildOptions } from '../build/options.ts';

/** Why nothing can be known of a build beforehand; undefined where it can. */
export function memoObstacle(options: BuildOptions): string | undefined {
  const { builder, sandbox, layersDir, volumes = [], workspace = DEFAULT_WORKSPACE } = options;
  if (sandbox === 'host' || sandbox === 'in-place')
    return `with --sandbox ${sandbox} buildpacks use this machine as it is`;
  if (builder === undefined) return 'without a builder, buildpacks use the programs and variables of this machine';
  if (layersDir !== undefined) return 'a layers directory was asked for (--layers-dir): only a build makes one';
  for (const { text, source, writable, target } of volumes) {
    if (writable) return `buildpacks may write to the volume ${text}: what they leave there only a build makes`;
    if (source.kind === 'named') return `the volume ${text} changes from build to build`;
    if (isWithinPath(target, workspace)) return `the volume ${text} lies in the app`;
  }
  return undefined;
}
