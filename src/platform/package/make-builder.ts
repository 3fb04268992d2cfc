import { readFile } from 'node:fs/promises';
import { BUILDPACK_APIS, PLATFORM_APIS } from '../../cnb/features.ts';
import { decodeBuilder, type BuilderFile } from '../../cnb/files/builder.ts';
import type { LifecycleDescriptor } from '../../cnb/files/lifecycle-descriptor.ts';
import { builderFiles, builderLabels } from '../../cnb/builder-documents.ts';
import { listedModule, type ListedModule } from '../../cnb/listed-module.ts';
import { moduleName } from '../../cnb/module.ts';
import type { Label } from '../../cnb/process.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { assemble } from '../../image/assemble.ts';
import type { PlannedLayer } from '../../image/plan.ts';
import { DEFAULT_COMPRESSION } from '../../layer/compression.ts';
import type { LayerSource } from '../../layer/layer-source.ts';
import { packLayer } from '../../layer/pack.ts';
import { familyOf } from '../../oci/media-types.ts';
import { parsePlatform, type Platform } from '../../oci/platform.ts';
import { parseLocation } from '../../oci/location.ts';
import type { Image } from '../../ports/image.ts';
import type { BlobStaging } from '../../ports/store.ts';
import type { AssembledImage } from '../../store/copy.ts';
import type { SinkRequest } from '../sinks.ts';
import { resolveOrders } from './builder-order.ts';
import { builderUser, filesLayer, frameLayer } from './builder-layers.ts';
import { flattenModules, layersOf, namedModules } from './flatten.ts';
import { readLifecycle, type BuilderPrograms } from './lifecycle-source.ts';
import { createModuleReader, once, type ModuleReader } from './module-reader.ts';
import { layerLabels, PACKAGE_CREATED } from './package-module.ts';
import { openPackageOutputs } from './package-outputs.ts';
import type { PackagePorts } from './package-ports.ts';
import type { PackagedModule } from './packaged-module.ts';
import type { SavedImages } from './save-images.ts';

export interface BuilderOptions {
  /** builder.toml. */
  readonly config: string;
  /** Default: the targets of builder.toml, else that of the build image. */
  readonly platforms: readonly Platform[];
  readonly outputs: readonly SinkRequest[];
  /** Groups of buildpacks, as `ID@VERSION`, that share a layer. */
  readonly flatten?: readonly (readonly string[])[];
  /** Asked for beside those of a builder. */
  readonly labels?: readonly Label[];
}

/** Makes a builder image and writes it to every output: one image, or an index over several platforms. */
export async function makeBuilder(options: BuilderOptions, ports: PackagePorts, ctx: Context): Promise<SavedImages> {
  const { config } = options;
  const file = decodeBuilder(await readConfig(config), config);
  for (const warning of file.warnings)
    ctx.emit({ type: 'warning', code: 'BUILDER_DOUBTFUL', message: `${config}: ${warning}` });
  const chosen = options.platforms.length > 0 ? options.platforms : file.targets.map(parsePlatform);
  const base = parseLocation(file.buildImage);
  await using outputs = await openPackageOutputs(options.outputs, chosen, ports.locator, ctx);
  const reader = createModuleReader(ports, outputs.staging, ctx);
  const images: AssembledImage[] = [];
  for (const target of chosen.length > 0 ? chosen : [undefined]) {
    const buildImage = await ports.locator.find(base, 'build image', ctx, target === undefined ? {} : { target });
    images.push(await builderImage({ file, options, buildImage, staging: outputs.staging, reader, ports }, ctx));
  }
  return await outputs.save(images);
}

interface BuilderInput {
  readonly file: BuilderFile;
  readonly options: BuilderOptions;
  readonly buildImage: Image;
  readonly staging: BlobStaging;
  readonly reader: ModuleReader;
  readonly ports: PackagePorts;
}

async function builderImage(input: BuilderInput, ctx: Context): Promise<AssembledImage> {
  const { options, buildImage, staging } = input;
  const named = once([...(await modulesOf(input, 'buildpacks')), ...(await modulesOf(input, 'extensions'))]);
  const groups = (options.flatten ?? []).map((group) => namedModules(group, named, 'flatten'));
  const modules = await flattenModules(named, groups, staging, ctx);
  const file = resolveOrders(input.file, options.config, modules);
  const user = builderUser(buildImage);
  const pack = async (source: LayerSource, createdBy: string): Promise<PlannedLayer> => {
    const family = familyOf(buildImage.manifest.mediaType);
    const { layers } = await packLayer(source, staging, ctx, { compressions: [DEFAULT_COMPRESSION], family });
    return { layer: layers[0], createdBy };
  };
  const programs = await programsOf(input, ctx);
  const layers = [
    await pack(frameLayer(user), 'Builder: directories'),
    ...(programs === undefined ? [] : [await pack(programs.layer, 'Builder: lifecycle')]),
    // Those of the build image are there already.
    ...layersOf(modules).filter(({ layer }) => !buildImage.layers.some(({ diffId }) => diffId === layer.diffId)),
    await pack(filesLayer(builderFiles(file)), 'Builder: order, run images, environment'),
  ];
  const infos = (kind: PackagedModule['kind']): readonly ListedModule[] =>
    modules.filter((module) => module.kind === kind).map(listedModule);
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
        lifecycle: programs?.descriptor ?? ownLifecycle(ctx),
      }),
      ...layerLabels(modules, 'buildpack'),
      ...(options.labels ?? []),
    ],
    created: PACKAGE_CREATED,
  });
}

/** What is said of a builder without a lifecycle, or with one that says nothing: that of this program. */
function ownLifecycle({ product }: Context): LifecycleDescriptor {
  const apis = (supported: readonly string[]): LifecycleDescriptor['apis']['buildpack'] => ({
    deprecated: [],
    supported,
  });
  return { version: product.version, apis: { buildpack: apis(BUILDPACK_APIS), platform: apis(PLATFORM_APIS) } };
}

async function programsOf(
  { file, options, buildImage, ports }: BuilderInput,
  ctx: Context,
): Promise<BuilderPrograms | undefined> {
  const { lifecycle } = file;
  if (lifecycle === undefined) return undefined;
  return readLifecycle({ lifecycle, config: options.config, platform: buildImage.platform }, ports, ctx);
}

async function modulesOf(
  { file, options, buildImage, reader }: BuilderInput,
  key: 'buildpacks' | 'extensions',
): Promise<readonly PackagedModule[]> {
  const found: PackagedModule[] = [];
  for (const [index, { id, version, source }] of file[key].entries()) {
    const target = { platform: buildImage.platform, base: buildImage };
    const modules = await reader.read({ named: source, file: options.config }, target);
    const isThere = modules.some((each) => (id ?? each.id) === each.id && (version ?? each.version) === each.version);
    if (!isThere) {
      const shown = 'image' in source ? source.image : source.uri;
      throw new SlipwayError(
        'PACKAGE_INCOMPLETE',
        `${shown} is not ${id ?? 'a module'}${version === undefined ? '' : `@${version}`}`,
        { details: { has: modules.map(moduleName).join(', '), file: options.config, key: `${key}[${String(index)}]` } },
      );
    }
    found.push(...modules);
  }
  return found;
}

async function readConfig(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) throw error;
    throw new SlipwayError('FILE_NOT_FOUND', `cannot read ${path}`, { cause: error, exit: 3 });
  }
}
