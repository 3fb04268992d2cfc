import { SlipwayError } from '../core/errors.ts';
import { describeIssues, ObjectReader } from '../schema/reader.ts';
import type { LifecycleApis } from './files/lifecycle-descriptor.ts';
import type { RunImageEntry } from './files/run.ts';
import type { ListedModule } from './listed-module.ts';
import { detectionOrder, type DetectionEntry } from './detection-tree.ts';
import { decodeModuleLayers, decodeOrderLabel, moduleLayersKey } from './package-labels.ts';

/** What the labels of a builder say (interfaces §5.5). */
export interface BuilderDescription {
  readonly description: string;
  readonly createdBy: { readonly name: string; readonly version: string };
  readonly stackId: string;
  readonly stackMixins: readonly string[];
  readonly lifecycle: {
    readonly version: string;
    readonly buildpackApis: LifecycleApis;
    readonly platformApis: LifecycleApis;
  };
  readonly runImages: readonly RunImageEntry[];
  readonly buildpacks: readonly ListedModule[];
  readonly extensions: readonly ListedModule[];
  readonly order: readonly DetectionEntry[];
  readonly orderExtensions: readonly DetectionEntry[];
}

const BUILDER_METADATA = 'io.buildpacks.builder.metadata';

/**
 * Undefined for an image that is no builder. `depth`: how many composite buildpacks deep the orders are followed; absent: to the end.
 * Throws `IMAGE_INVALID` naming the label that cannot be read.
 */
export function describeBuilder(
  labels: Readonly<Record<string, string>>,
  depth?: number,
): BuilderDescription | undefined {
  const metadata = labels[BUILDER_METADATA];
  if (metadata === undefined) return undefined;
  const layers = (kind: 'buildpack' | 'extension'): ReturnType<typeof decodeModuleLayers> => {
    const key = moduleLayersKey(kind);
    const found = decodeModuleLayers(labels[key] ?? '{}');
    if (found === undefined) throw invalid(key, 'it is no table of ids');
    return found;
  };
  const orderOf = (key: string, kind: 'buildpack' | 'extension'): readonly DetectionEntry[] => {
    const order = decodeOrderLabel(labels[key] ?? '[]', kind);
    if (order === undefined) throw invalid(key, 'it is no list of groups');
    return detectionOrder(order, layers(kind) ?? [], depth);
  };
  return {
    ...readMetadata(metadata),
    stackId: labels['io.buildpacks.stack.id'] ?? '',
    stackMixins: readStrings(labels['io.buildpacks.stack.mixins']),
    order: orderOf('io.buildpacks.buildpack.order', 'buildpack'),
    orderExtensions: orderOf('io.buildpacks.buildpack.order-extensions', 'extension'),
  };
}

type FromMetadata = Pick<
  BuilderDescription,
  'description' | 'createdBy' | 'lifecycle' | 'runImages' | 'buildpacks' | 'extensions'
>;

function readMetadata(label: string): FromMetadata {
  const reader = new ObjectReader(parseJson(label, BUILDER_METADATA));
  const createdBy = reader.object('createdBy');
  const lifecycle = reader.object('lifecycle');
  const [apis, old] = [lifecycle.object('apis'), lifecycle.object('api')];
  const readApis = (kind: string): LifecycleApis => {
    const own = apis.object(kind);
    const single = old.optionalString(kind);
    const supported = own.strings('supported');
    return {
      deprecated: own.strings('deprecated'),
      supported: supported.length > 0 || single === undefined ? supported : [single],
    };
  };
  const listed = (key: string): readonly ListedModule[] => reader.list(key, readListed);
  const images = reader.list('images', readRunImage);
  const stack = reader.object('stack').object('runImage');
  const found = {
    description: reader.optionalString('description') ?? '',
    createdBy: {
      name: createdBy.optionalString('name') ?? '',
      version: createdBy.optionalString('version') ?? '',
    },
    lifecycle: {
      version: lifecycle.optionalString('version') ?? '',
      buildpackApis: readApis('buildpack'),
      platformApis: readApis('platform'),
    },
    runImages: images.length === 0 && (stack.optionalString('image') ?? '') !== '' ? [readRunImage(stack)] : images,
    buildpacks: listed('buildpacks'),
    extensions: listed('extensions'),
  };
  if (reader.issues.length > 0) throw invalid(BUILDER_METADATA, describeIssues(reader.issues));
  return found;
}

function readListed(reader: ObjectReader): ListedModule {
  const [name, homepage] = [reader.optionalString('name'), reader.optionalString('homepage')];
  return {
    id: reader.string('id'),
    version: reader.optionalString('version') ?? '',
    ...(name === undefined ? {} : { name }),
    ...(homepage === undefined ? {} : { homepage }),
  };
}

function readRunImage(reader: ObjectReader): RunImageEntry {
  return { image: reader.string('image'), mirrors: reader.strings('mirrors') };
}

function readStrings(label: string | undefined): readonly string[] {
  if (label === undefined) return [];
  const value = parseJson(label, 'io.buildpacks.stack.mixins');
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function parseJson(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(key, 'it is no JSON');
    throw error;
  }
}

function invalid(label: string, problem: string): SlipwayError {
  return new SlipwayError('IMAGE_INVALID', `the label ${label} cannot be read: ${problem}`);
}
