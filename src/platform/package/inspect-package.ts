import { join } from 'node:path';
import { listedModule, type ListedModule } from '../../cnb/listed-module.ts';
import { detectionOrder, type DetectionEntry } from '../../cnb/detection-tree.ts';
import { moduleName, type ModuleKind, type Order } from '../../cnb/module.ts';
import {
  decodeModuleLayers,
  decodePackageMetadata,
  moduleInfo,
  moduleLayersKey,
  orderOfInfo,
  packageMetadataKey,
  type LabelledModule,
} from '../../cnb/package-labels.ts';
import type { Context } from '../../core/context.ts';
import { pathKind } from '../../core/path-kind.ts';
import { SlipwayError } from '../../core/errors.ts';
import { parseLocation } from '../../oci/location.ts';
import type { Platform } from '../../oci/platform.ts';
import type { JsonObject } from '../../schema/reader.ts';
import { parseModuleLocator } from '../modules/locator.ts';
import { readModuleDirectory } from './pack-module.ts';
import type { PackagePorts } from './package-ports.ts';
import { findPackageSource } from './package-source.ts';

export interface InspectPackageOptions {
  readonly kind: ModuleKind;
  /** A directory, a file, a URL, a location, or with `builder` an `ID[@VERSION]`. */
  readonly module: string;
  /** Location of a builder that has it. */
  readonly builder?: string;
  readonly depth?: number;
  readonly target?: Platform;
  /** What relative paths count from. */
  readonly cwd: string;
}

/** A buildpack or extension with what its package holds. */
export interface InspectedPackage {
  readonly kind: ModuleKind;
  readonly name: string;
  readonly main: ListedModule;
  /** What the label of layers says of it: `api`, `stacks`, `targets`. */
  readonly info: JsonObject;
  readonly modules: readonly ListedModule[];
  readonly order: readonly DetectionEntry[];
}

/** Reads a descriptor or the labels of a package or builder. Throws `IMAGE_INVALID`, `BUILDPACK_NOT_FOUND`, what sources throw. */
export async function inspectPackage(
  options: InspectPackageOptions,
  ports: PackagePorts,
  ctx: Context,
): Promise<InspectedPackage> {
  const { kind, module: name, depth } = options;
  const { main, modules } = await readLabelled(options, ports, ctx);
  const own = orderOfInfo(main.info, kind);
  const order: Order = own.length > 0 ? own : [[{ kind, id: main.id, version: main.version, optional: false }]];
  return {
    kind,
    name,
    main: listedModule(main),
    info: main.info,
    modules: modules.map(listedModule),
    order: detectionOrder(order, modules, depth),
  };
}

interface Labelled {
  readonly main: LabelledModule;
  readonly modules: readonly LabelledModule[];
}

async function readLabelled(options: InspectPackageOptions, ports: PackagePorts, ctx: Context): Promise<Labelled> {
  const { kind, module: text, builder, cwd } = options;
  const target = options.target === undefined ? {} : { target: options.target };
  if (builder !== undefined) {
    const image = await ports.locator.find(parseLocation(builder), 'build image', ctx, target);
    return ofBuilder(labelled(image.config.labels, kind, builder), text, builder);
  }
  const locator = parseModuleLocator(text, cwd);
  const isImage = locator.kind === 'bare' && (await pathKind(join(cwd, text))) === undefined;
  const named = isImage ? { image: text } : { uri: text };
  const source = await findPackageSource({ named, file: join(cwd, 'the command line') }, ports, ctx);
  switch (source.kind) {
    case 'directory': {
      const { listing } = await readModuleDirectory(source.directory, [kind]);
      const main = { id: listing.id, version: listing.version, info: moduleInfo(listing), diffId: '' };
      return { main, modules: [main] };
    }
    case 'image': {
      const image = await ports.locator.find(source.location, 'buildpackage', ctx, target);
      const modules = labelled(image.config.labels, kind, source.shown);
      const wanted = decodePackageMetadata(image.config.labels[packageMetadataKey(kind)] ?? '');
      const main = modules.find(({ id, version }) => id === wanted?.id && version === wanted.version);
      if (main !== undefined) return { main, modules };
      throw new SlipwayError('IMAGE_INVALID', `${source.shown} is no package of ${article(kind)}`, {
        hint: 'a builder is shown by slipway builder inspect, one of its buildpacks with --builder LOCATION',
      });
    }
    case 'base':
      throw new SlipwayError('ARGUMENT_INVALID', `${text} is of a builder, and none was named`, {
        exit: 3,
        hint: `slipway ${kind} inspect ${source.id} --builder LOCATION`,
      });
  }
}

function ofBuilder(modules: readonly LabelledModule[], text: string, builder: string): Labelled {
  const at = text.indexOf('@');
  const [id, version] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const fitting = modules.filter((module) => module.id === id && (version === '' || module.version === version));
  const [main] = fitting;
  if (main !== undefined && fitting.length === 1) return { main, modules: reachable(main, modules) };
  throw new SlipwayError(
    'BUILDPACK_NOT_FOUND',
    fitting.length === 0 ? `${text} is not in ${builder}` : `${builder} has several versions of ${text}`,
    {
      exit: 1,
      details: { has: (fitting.length > 0 ? fitting : modules).map(moduleName).join(', ') || 'nothing' },
    },
  );
}

/** A module and those that its order leads to. */
function reachable(main: LabelledModule, modules: readonly LabelledModule[]): readonly LabelledModule[] {
  const found = new Set([main]);
  for (const module of found)
    for (const { id, version } of orderOfInfo(module.info, 'buildpack').flat()) {
      const next = modules.find((each) => each.id === id && (version === '' || each.version === version));
      if (next !== undefined) found.add(next);
    }
  return modules.filter((module) => found.has(module));
}

function labelled(
  labels: Readonly<Record<string, string>>,
  kind: ModuleKind,
  shown: string,
): readonly LabelledModule[] {
  const key = moduleLayersKey(kind);
  const modules = decodeModuleLayers(labels[key] ?? '{}');
  if (modules !== undefined) return modules;
  throw new SlipwayError('IMAGE_INVALID', `the label ${key} of ${shown} is malformed`);
}

function article(kind: ModuleKind): string {
  return kind === 'buildpack' ? 'a buildpack' : 'an extension';
}
