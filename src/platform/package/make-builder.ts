import { readFile } from 'node:fs/promises';
import { BUILDPACK_APIS, PLATFORM_APIS } from '../../cnb/features.ts';
import { decodeBuilder, type BuilderFile, type BuilderModule } from '../../cnb/files/builder.ts';
import { builderFiles, builderLabels, type BuilderModuleInfo } from '../../cnb/builder-documents.ts';
import { moduleName, type Order } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { assemble } from '../../image/assemble.ts';
import type { PlannedLayer } from '../../image/plan.ts';
import { DEFAULT_COMPRESSION } from '../../layer/compression.ts';
import type { LayerSource } from '../../layer/layer-source.ts';
import { packLayer } from '../../layer/pack.ts';
import type { Locator } from '../../locate/locator.ts';
import { familyOf } from '../../oci/media-types.ts';
import { parsePlatform, type Platform } from '../../oci/platform.ts';
import { parseLocation, type Location } from '../../oci/location.ts';
import type { Image } from '../../ports/image.ts';
import type { BlobStaging } from '../../ports/store.ts';
import type { AssembledImage } from '../../store/copy.ts';
import { openSinks } from '../sinks.ts';
import { builderUser, filesLayer, frameLayer, lifecycleLayer } from './builder-layers.ts';
import { once, readDependency } from './make-package.ts';
import { createdBy, layerLabels, PACKAGE_CREATED } from './package-module.ts';
import { findPackageSource } from './package-source.ts';
import type { PackagedModule } from './packaged-module.ts';
import { saveImages, type SavedImages } from './save-images.ts';

export interface BuilderOptions {
  /** builder.toml. */
  readonly config: string;
  /** Default: the targets of builder.toml, else that of the build image. */
  readonly platforms: readonly Platform[];
  readonly outputs: readonly { readonly location: Location; readonly shown: string }[];
}

/** Makes a builder image and writes it to every output: one image, or an index over several platforms. */
export async function makeBuilder(options: BuilderOptions, locator: Locator, ctx: Context): Promise<SavedImages> {
  const file = decodeBuilder(await readConfig(options.config), options.config);
  const chosen = options.platforms.length > 0 ? options.platforms : file.targets.map(parsePlatform);
  const base = parseLocation(file.buildImage);
  await using opened = await openSinks(options.outputs, locator, ctx);
  const images: AssembledImage[] = [];
  for (const target of chosen.length > 0 ? chosen : [undefined]) {
    const buildImage = await locator.find(base, 'build image', ctx, target === undefined ? {} : { target });
    images.push(await builderImage({ file, options, buildImage, staging: opened.staging, locator }, ctx));
  }
  return await saveImages(images, opened.sinks, ctx);
}

interface BuilderInput {
  readonly file: BuilderFile;
  readonly options: BuilderOptions;
  readonly buildImage: Image;
  readonly staging: BlobStaging;
  readonly locator: Locator;
}

async function builderImage(input: BuilderInput, ctx: Context): Promise<AssembledImage> {
  const { options, buildImage } = input;
  const modules = once([
    ...(await modulesOf(input, input.file.buildpacks, ctx)),
    ...(await modulesOf(input, input.file.extensions, ctx)),
  ]);
  const file = resolveFile(input.file, options.config, modules);
  const user = builderUser(buildImage);
  const pack = async (source: LayerSource, text: string): Promise<PlannedLayer> => {
    const family = familyOf(buildImage.manifest.mediaType);
    const { layer } = await packLayer(source, input.staging, ctx, { compression: DEFAULT_COMPRESSION, family });
    return { layer, createdBy: text };
  };
  const lifecycle = await lifecycleLayer(file.lifecycleUri, options.config, ctx);
  const layers = [
    await pack(frameLayer(user), 'Builder: directories'),
    ...(lifecycle === undefined ? [] : [await pack(lifecycle, 'Builder: lifecycle')]),
    ...modules.map((module) => ({ layer: module.layer, createdBy: createdBy(module) })),
    await pack(filesLayer(builderFiles(file)), 'Builder: order, run images, environment'),
  ];
  const infos = (kind: PackagedModule['kind']): readonly BuilderModuleInfo[] =>
    modules.filter((module) => module.kind === kind).map(infoOf);
  return assemble({
    base: { kind: 'image', image: buildImage },
    layers,
    env: [
      ['CNB_USER_ID', String(user.uid)],
      ['CNB_GROUP_ID', String(user.gid)],
      ...(file.stackId === '' ? [] : ([['CNB_STACK_ID', file.stackId]] as const)),
    ],
    prependPath: [],
    workingDir: '/layers',
    entrypoint: buildImage.config.entrypoint,
    cmd: buildImage.config.cmd,
    labels: [
      ...builderLabels({
        file,
        buildpacks: infos('buildpack'),
        extensions: infos('extension'),
        createdBy: { name: 'Slipway', version: ctx.product.version },
        apis: { buildpack: BUILDPACK_APIS, platform: PLATFORM_APIS },
      }),
      ...layerLabels(modules, 'buildpack'),
    ],
    created: PACKAGE_CREATED,
  });
}

async function modulesOf(
  { options, buildImage, staging, locator }: BuilderInput,
  named: readonly BuilderModule[],
  ctx: Context,
): Promise<readonly PackagedModule[]> {
  const found: PackagedModule[] = [];
  for (const { id, version, source } of named) {
    const from = await findPackageSource(source, options.config, ctx);
    const modules = await readDependency(from, { platform: buildImage.platform, staging, locator }, ctx);
    const isThere = modules.some((each) => (id ?? each.id) === each.id && (version ?? each.version) === each.version);
    if (!isThere) {
      const shown = 'image' in source ? source.image : source.uri;
      throw new SlipwayError(
        'PACKAGE_INCOMPLETE',
        `${shown} is not ${id ?? 'a module'}${version === undefined ? '' : `@${version}`}`,
        {
          details: { has: modules.map(moduleName).join(', '), file: options.config },
        },
      );
    }
    found.push(...modules);
  }
  return found;
}

function resolveFile(file: BuilderFile, config: string, modules: readonly PackagedModule[]): BuilderFile {
  const resolve = (order: Order): Order => resolveOrder(config, order, modules);
  const { pre, post } = file.system;
  return {
    ...file,
    order: resolve(file.order),
    orderExtensions: resolve(file.orderExtensions),
    system: { pre: resolve([pre])[0] ?? [], post: resolve([post])[0] ?? [] },
  };
}

/** Groups with every version said: the only one that the builder has, where builder.toml says none. */
function resolveOrder(config: string, groups: Order, modules: readonly PackagedModule[]): Order {
  return groups.map((group) =>
    group.map((element) => {
      const own = modules.filter(({ kind, id }) => kind === element.kind && id === element.id);
      const versions = own.map(({ version }) => version);
      const [only] = versions;
      if (versions.includes(element.version)) return element;
      if (element.version === '' && versions.length === 1 && only !== undefined) return { ...element, version: only };
      const asked = element.version === '' ? element.id : moduleName(element);
      const problem = element.version === '' && versions.length > 1 ? `several versions of ${asked}` : `no ${asked}`;
      throw new SlipwayError(
        'PACKAGE_INCOMPLETE',
        `the order in ${config} names ${element.id}, and the builder has ${problem}`,
        {
          details: { has: modules.map(moduleName).join(', ') },
          hint: versions.length > 1 ? 'say which version' : `add it to [[${element.kind}s]]`,
        },
      );
    }),
  );
}

function infoOf({ id, version, info }: PackagedModule): BuilderModuleInfo {
  const { name, homepage } = info;
  return {
    id,
    version,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof homepage === 'string' ? { homepage } : {}),
  };
}

async function readConfig(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) throw error;
    throw new SlipwayError('FILE_NOT_FOUND', `cannot read ${path}`, { cause: error, exit: 3 });
  }
}
