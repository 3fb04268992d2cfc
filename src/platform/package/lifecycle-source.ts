import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuilderLifecycle } from '../../cnb/files/builder.ts';
import { decodeLifecycleDescriptor, type LifecycleDescriptor } from '../../cnb/files/lifecycle-descriptor.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { LayerSource } from '../../layer/layer-source.ts';
import { virtualParents } from '../../layer/place.ts';
import { formatPlatform, type Platform } from '../../oci/platform.ts';
import { extractInto } from '../../layer/extract-into.ts';
import { unpackLayers } from '../../rootfs/unpack.ts';
import { openArchiveFile } from '../../store/archive/archive-file.ts';
import { openDownload } from '../download/open-download.ts';
import { parseModuleLocator } from '../modules/locator.ts';
import { dirname, resolve } from 'node:path';
import type { PackagePorts } from './package-ports.ts';

/** The programs of a lifecycle for a builder, and what their lifecycle.toml says; without one nothing is known. */
export interface BuilderPrograms {
  readonly layer: LayerSource;
  readonly descriptor: LifecycleDescriptor | undefined;
}

const ROOT = { uid: 0, gid: 0 };
const LIFECYCLE = '/cnb/lifecycle';
const RELEASES = 'https://github.com/buildpacks/lifecycle/releases/download';

/**
 * The lifecycle that builder.toml names, as the layer at `/cnb/lifecycle`: a directory or tgz of programs, or of a release (lifecycle.toml and
 * `lifecycle/`), a URL of one, a lifecycle image at any location, or a released version. Throws `FILE_INVALID` when no launcher is in
 * it, and what downloads and archives throw.
 */
export async function readLifecycle(
  { lifecycle, config, platform }: LifecycleRequest,
  ports: PackagePorts,
  ctx: Context,
): Promise<BuilderPrograms> {
  const uri = 'uri' in lifecycle ? lifecycle.uri : releaseUrl(lifecycle.version, platform);
  const tree = await openTree(uri, { lifecycle, config, platform }, ports, ctx);
  const real = (await pathKind(join(tree, 'lifecycle'))) === 'directory' ? join(tree, 'lifecycle') : tree;
  const names = await readdir(real);
  if (!names.includes('launcher'))
    throw new SlipwayError('FILE_INVALID', `${config}: lifecycle: ${uri} has no launcher`, {
      details: { has: names.slice(0, 20).join(', ') || 'nothing' },
      hint: 'name a directory or tgz with the lifecycle’s programs, or leave [lifecycle] out: Slipway has its own',
    });
  const place = { logical: LIFECYCLE, real, owner: ROOT, parents: virtualParents(LIFECYCLE, ROOT) };
  return { layer: { kind: 'trees', places: [place] }, descriptor: await readDescriptor([tree, join(tree, '..')]) };
}

interface LifecycleRequest {
  readonly lifecycle: BuilderLifecycle;
  readonly config: string;
  readonly platform: Platform;
}

async function openTree(
  uri: string,
  { config, platform }: LifecycleRequest,
  ports: PackagePorts,
  ctx: Context,
): Promise<string> {
  const base = dirname(resolve(config));
  const locator = parseModuleLocator(uri, base);
  switch (locator.kind) {
    case 'url': {
      await using file = await openDownload(locator.url, ports.downloads, ctx);
      return await unpackFile(file.path, uri, ctx);
    }
    case 'image': {
      const image = await ports.locator.find(locator.location, 'image', ctx, { target: platform });
      const directory = await mkdtemp(join(ctx.tmp, 'lifecycle-'));
      await unpackLayers(image.layers, directory, ctx);
      return join(directory, LIFECYCLE);
    }
    case 'path':
    case 'bare': {
      const path = locator.kind === 'path' ? locator.path : resolve(base, uri);
      const kind = await pathKind(path);
      if (kind === undefined)
        throw new SlipwayError('FILE_NOT_FOUND', `${config}: lifecycle.uri: ${uri} does not exist`, {
          details: { path },
        });
      return kind === 'directory' ? path : unpackFile(path, uri, ctx);
    }
    case 'builder-order':
    case 'builder-module':
    case 'registry':
      throw new SlipwayError('FILE_INVALID', `${config}: lifecycle.uri: ${uri} is no lifecycle`, {
        hint: 'name the directory or the release’s .tgz that holds lifecycle.toml and the programs',
      });
  }
}

async function unpackFile(file: string, shown: string, ctx: Context): Promise<string> {
  await using archive = await openArchiveFile(file, ctx, { shown });
  const directory = await mkdtemp(join(ctx.tmp, 'lifecycle-'));
  await extractInto({ bytes: archive.readAll(ctx.signal), subject: shown }, directory, ctx);
  return directory;
}

async function readDescriptor(places: readonly string[]): Promise<LifecycleDescriptor | undefined> {
  for (const place of places) {
    const file = join(place, 'lifecycle.toml');
    try {
      return decodeLifecycleDescriptor(await readFile(file), file);
    } catch (error) {
      if (!isSystem(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }
  return undefined;
}

/** As the project names its releases. */
function releaseUrl(version: string, platform: Platform): string {
  const names: Readonly<Record<string, string>> = {
    amd64: 'x86-64',
    arm64: 'arm64',
    s390x: 's390x',
    ppc64le: 'ppc64le',
  };
  const architecture = names[platform.architecture];
  if (platform.os !== 'linux' || architecture === undefined)
    throw new SlipwayError('NOT_SUPPORTED', `there is no release of the lifecycle for ${formatPlatform(platform)}`, {
      exit: 3,
    });
  const plain = version.replace(/^v/, '');
  return `${RELEASES}/v${plain}/lifecycle-v${plain}+linux.${architecture}.tgz`;
}
