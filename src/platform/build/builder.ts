import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeOrder } from '../../cnb/files/order.ts';
import { decodeRun, type RunImageEntry } from '../../cnb/files/run.ts';
import { decodeSystem, EMPTY_SYSTEM, type SystemFile } from '../../cnb/files/system.ts';
import type { Env } from '../../cnb/env.ts';
import type { Order } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { namesIn } from '../../core/names-in.ts';
import type { Owner } from '../../layer/place.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation, type Location } from '../../oci/location.ts';
import type { Platform } from '../../oci/platform.ts';
import type { BuildDirs } from '../../phases/build-dirs.ts';
import type { Image } from '../../ports/image.ts';
import { openRootfs } from '../../rootfs/open-rootfs.ts';
import { insideRoot } from '../inside-root.ts';
import { builderUser } from '../package/builder-layers.ts';

/** An unpacked builder image and what its files say (Platform API; interfaces §5.5). */
export interface Builder extends AsyncDisposable {
  /** Absent: the root that this program is in. */
  readonly image?: Image;
  /** Its `/`, as found on this machine. */
  readonly root: string;
  readonly user: Owner;
  /** The image's own environment, with HOME of its user. */
  readonly env: Env;
  readonly order: Order;
  /** Extensions to be tried in front of every group. */
  readonly orderExtensions: Order;
  readonly system: SystemFile;
  readonly runImages: readonly RunImageEntry[];
  readonly osRelease: string | undefined;
  /** Its modules and build-config on this machine; no link of the image is followed out of its root. */
  readonly buildpacks: string;
  readonly extensions: string;
  readonly buildConfig: string;
}

/** Where a builder keeps variables for buildpacks (Platform API). */
const BUILD_ENV = '/cnb/build-config/env';

/** What opening a builder needs. */
export interface BuilderRequest {
  readonly location: Location;
  readonly target: Platform | undefined;
  /** Directory of unpacked images. */
  readonly store: string;
}

/**
 * Resolves the builder for the platform, unpacks it once, and reads its files. It is kept from removal until it is given back. Throws
 * what the resolution and the unpacking throw, `IMAGE_INVALID` for an image that is no builder, `FILE_INVALID`.
 */
export async function openBuilder(request: BuilderRequest, locator: Locator, ctx: Context): Promise<Builder> {
  const { location, target, store } = request;
  const image = await locator.find(location, 'build image', ctx, target === undefined ? {} : { target });
  const rootfs = await openRootfs(image, store, ctx);
  try {
    const user = builderUser(image);
    const files = await readBuilderFiles(rootfs.path, displayLocation(image.requested), user, ctx);
    const env = { ...files.env, ...Object.fromEntries(image.config.env.map(splitVariable)) };
    return { ...files, env, image, [Symbol.asyncDispose]: () => rootfs.release() };
  } catch (error) {
    await rootfs.release();
    throw error;
  }
}

/** The directories of a build whose buildpacks are the builder's. */
export function builderDirs(dirs: BuildDirs, { root, buildpacks, extensions, buildConfig }: Builder): BuildDirs {
  return {
    ...dirs,
    buildpacks: { real: buildpacks, logical: '/cnb/buildpacks' },
    extensions: { real: extensions, logical: '/cnb/extensions' },
    buildConfig: { real: buildConfig, logical: '/cnb/build-config' },
    root: { kind: 'directory', path: root },
  };
}

/** A file of the builder, by its path there; undefined when it has none. Links never lead out of its root. */
export async function readBuilderFile(root: string, path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(await insideBuilder(root, path));
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) return undefined;
    throw error;
  }
}

function insideBuilder(root: string, path: string): Promise<string> {
  return insideRoot(root, path, 'the builder');
}

/** The builder's variables as files of our own: a link among them could name any file of this machine. */
async function copyBuildConfig(root: string, to: string): Promise<string> {
  const env = join(to, 'env');
  await mkdir(env, { recursive: true });
  for (const name of await namesIn(await insideBuilder(root, BUILD_ENV))) {
    const bytes = await readBuilderFile(root, `${BUILD_ENV}/${name}`);
    if (bytes !== undefined) await writeFile(join(env, name), bytes);
  }
  return to;
}

/**
 * What the files of a builder say; `subject` is its name in messages. Of its environment only the home of its user is known by them.
 * Throws `IMAGE_INVALID` for a root that is no builder's, `FILE_INVALID`.
 */
export async function readBuilderFiles(
  root: string,
  subject: string,
  user: Owner,
  ctx: Context,
): Promise<Omit<Builder, 'image' | keyof AsyncDisposable>> {
  const shown = (path: string): string => `${path} of ${subject}`;
  const [order, system, run, passwd, osRelease] = await Promise.all(
    ['/cnb/order.toml', '/cnb/system.toml', '/cnb/run.toml', '/etc/passwd', '/etc/os-release'].map((path) =>
      readBuilderFile(root, path),
    ),
  );
  if (order === undefined) {
    throw new SlipwayError('IMAGE_INVALID', `${subject} is no builder: it has no /cnb/order.toml`, {
      hint: 'make one with slipway builder create, or name a builder image',
    });
  }
  const decoded = decodeOrder(order, shown('/cnb/order.toml'));
  return {
    root,
    user,
    env: { HOME: homeOf(user.uid, passwd) },
    order: decoded.order,
    orderExtensions: decoded.extensions,
    system: system === undefined ? EMPTY_SYSTEM : decodeSystem(system, shown('/cnb/system.toml')),
    runImages: run === undefined ? [] : decodeRun(run, shown('/cnb/run.toml')),
    osRelease: osRelease === undefined ? undefined : Buffer.from(osRelease).toString(),
    buildpacks: await insideBuilder(root, '/cnb/buildpacks'),
    extensions: await insideBuilder(root, '/cnb/extensions'),
    buildConfig: await copyBuildConfig(root, join(ctx.tmp, 'build-config')),
  };
}

/** At the first `=` (contract GAP-18). */
function splitVariable(entry: string): readonly [string, string] {
  const equals = entry.indexOf('=');
  return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

/** The home that the builder's /etc/passwd gives the user. */
function homeOf(uid: number, passwd: Uint8Array | undefined): string {
  const lines = passwd === undefined ? [] : Buffer.from(passwd).toString().split('\n');
  const fields = lines.map((line) => line.split(':')).find((line) => line[2] === String(uid));
  const home = fields?.[5] ?? '';
  return home.startsWith('/') && home !== '/' ? home : '/home/cnb';
}
