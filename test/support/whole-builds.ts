import { join } from 'node:path';
import { formatPlatform, parsePlatform } from '../../src/oci/platform.ts';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import type { LifecycleBed } from './lifecycle-bed.ts';
import { slipway, type ProgramResult } from './program.ts';

interface WholeBuild {
  readonly runImage: string;
  /** os/arch[/variant]; default: none is asked for. */
  readonly target?: string;
  /** Options that both programs know, with two dashes. */
  readonly args?: readonly string[];
}

/** A program that does the whole job in one process, with a bed's app and buildpacks, to `HOST/shop`. */
export interface WholeProgram {
  readonly name: string;
  readonly build: (bed: LifecycleBed, build: WholeBuild) => Promise<ProgramResult>;
}

const CREATOR: WholeProgram = {
  name: 'creator',
  build: (bed, { runImage, target, args = [] }) =>
    bed.run('creator', [
      ...['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml', '-launcher', './launcher'],
      ...['-run-image', runImage, ...(target === undefined ? [] : ['-target', target])],
      ...[...args.map((word) => word.replace(/^--/, '-')), `${bed.registry}/shop`],
    ]),
};

const SLIPWAY: WholeProgram = {
  name: 'slipway build',
  build: (bed, { runImage, target, args = [] }) =>
    slipway(
      [
        ...['build', 'shop', '--path', 'app', '--buildpacks', 'bps', '--order', 'order.toml', '--verbose'],
        ...['--launcher', './launcher', '--sandbox', 'host', '--run-image', runImage],
        ...(target === undefined ? [] : ['--platform', target]),
        ...[...args, '--output', `docker://${bed.registry}/shop`],
      ],
      { cwd: bed.directory, env: { HOME: bed.directory } },
    ),
};

export const WHOLE_PROGRAMS: readonly WholeProgram[] = [CREATOR, SLIPWAY];

/** An image of the bed's registry. */
export function servedImage(bed: LifecycleBed, name = 'shop:latest', target = 'linux/amd64'): Promise<Image> {
  const platform = parsePlatform(target);
  const layout = join(bed.directory, 'registry');
  return selectImage(openLayout(layout), parseLocation(`oci:${layout}:${name}`), bed.ctx, {
    role: 'cache image',
    hostArchitecture: formatPlatform(platform).split('/')[1] ?? '',
  });
}
