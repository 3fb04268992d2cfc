import type { DetectionEntry } from '../../cnb/detection-tree.ts';
import type { ListedModule } from '../../cnb/listed-module.ts';
import type { LifecycleApis } from '../../cnb/files/lifecycle-descriptor.ts';
import { writtenOutName } from '../../cnb/run-image-name.ts';
import type { PlainData, PlainTable } from '../../schema/plain-data.ts';
import { isObject } from '../../schema/reader.ts';
import type { InspectedBuilder } from './inspect-builder.ts';
import type { InspectedPackage } from './inspect-package.ts';

/** The document of `pack builder inspect --output json`, key for key. */
export function builderReport(builder: InspectedBuilder): PlainTable {
  const info = infoOf(builder);
  return {
    builder_name: builder.name,
    trusted: builder.isTrusted,
    default: builder.isDefault,
    remote_info: builder.isRemote ? info : null,
    local_info: builder.isRemote ? null : info,
  };
}

/** Groups and buildpacks as pack writes them: what a group, or a composite buildpack, has is in `buildpacks`. */
function detectionReport(entries: readonly DetectionEntry[]): PlainData {
  return entries.map(({ id, version, optional, cyclic, entries: below }) => ({
    id,
    version: version === '' ? undefined : version,
    optional,
    cyclic,
    buildpacks: below.length === 0 ? undefined : detectionReport(below),
  }));
}

function modulesReport(modules: readonly ListedModule[]): PlainData {
  return modules.map(({ id, name, version, homepage }) => ({ id, name, version, homepage }));
}

function infoOf(builder: InspectedBuilder): PlainData {
  const { description, stackId, stackMixins, lifecycle, extensions, orderExtensions } = builder;
  return {
    description: description === '' ? undefined : description,
    created_by: builder.createdBy,
    stack: stackId === '' ? undefined : { id: stackId, mixins: stackMixins.length === 0 ? undefined : stackMixins },
    lifecycle: {
      version: lifecycle.version,
      buildpack_apis: apisReport(lifecycle.buildpackApis),
      platform_apis: apisReport(lifecycle.platformApis),
    },
    run_images: builder.runImages.flatMap(({ image, mirrors }) => [
      ...(builder.ownMirrors.get(writtenOutName(image)) ?? []).map((name) => ({ name, user_configured: true })),
      ...[image, ...mirrors].map((name) => ({ name })),
    ]),
    buildpacks: modulesReport(builder.buildpacks),
    detection_order: detectionReport(builder.order),
    extensions: extensions.length === 0 ? undefined : modulesReport(extensions),
    order_extensions: orderExtensions.length === 0 ? undefined : detectionReport(orderExtensions),
  };
}

function apisReport({ deprecated, supported }: LifecycleApis): PlainData {
  return { deprecated: deprecated.length === 0 ? null : deprecated, supported };
}

/** The same for a buildpack or extension, for which pack has no data form: its keys are those of a builder. */
export function packageReport({ name, main, info, modules, order }: InspectedPackage): PlainTable {
  const { api, stacks, targets } = info;
  return {
    name,
    id: main.id,
    version: main.version,
    api: typeof api === 'string' ? api : undefined,
    stacks: plain(stacks),
    targets: plain(targets),
    buildpacks: modulesReport(modules),
    detection_order: detectionReport(order),
  };
}

/** A label's data, of which nothing is known. */
function plain(value: unknown): PlainData {
  if (Array.isArray(value)) return value.map(plain);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}
