import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeBuilder } from '../../cnb/builder-description.ts';
import { EMPTY_SYSTEM } from '../../cnb/files/system.ts';
import { escapeId, type ModuleKind, type Order } from '../../cnb/module.ts';
import {
  decodeModuleLayers,
  decodeOrderLabel,
  moduleLayersKey,
  orderOfInfo,
  type LabelledModule,
} from '../../cnb/package-labels.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation } from '../../oci/location.ts';
import type { Image } from '../../ports/image.ts';
import { readMark, ROOT_PARTS } from '../../rootfs/root-entry.ts';
import type { Builder, BuilderRequest } from '../build/builder.ts';
import { builderUser } from '../package/builder-layers.ts';

/** A builder as its labels tell it. Its root holds descriptors of its modules, and nothing that could run. */
export interface OutlinedBuilder extends Builder {
  readonly image: Image;
  /** Its root, where a build has unpacked it. */
  readonly unpacked: string | undefined;
}

const LABELS = {
  buildpack: 'io.buildpacks.buildpack.order',
  extension: 'io.buildpacks.buildpack.order-extensions',
} as const;

/**
 * Reads a builder without unpacking it: no layer is downloaded. Throws what its resolution throws, and `IMAGE_INVALID` for an image
 * without the labels of a builder.
 */
export async function outlineBuilder(
  { location, target, store }: BuilderRequest,
  locator: Locator,
  ctx: Context,
): Promise<OutlinedBuilder> {
  const image = await locator.find(location, 'build image', ctx, target === undefined ? {} : { target });
  const { labels, env } = image.config;
  const description = describeBuilder(labels);
  if (description === undefined)
    throw new SlipwayError('IMAGE_INVALID', `${displayLocation(location)} is no builder: it has no builder metadata`, {
      hint: 'a build reads its files, a dry run only its labels',
    });
  const root = join(ctx.tmp, 'builder-outline');
  const modules = { buildpack: listed(labels, 'buildpack'), extension: listed(labels, 'extension') };
  for (const kind of ['buildpack', 'extension'] as const)
    for (const module of modules[kind]) await writeDescriptor(join(root, `${kind}s`), module, kind);
  const entry = join(store, image.manifestDigest.replace(':', '-'));
  const isUnpacked = (await readMark(entry)) !== undefined;
  const variables = env.map((text): readonly [string, string] => [
    text.split('=')[0] ?? '',
    text.slice(text.indexOf('=') + 1),
  ]);
  return {
    image,
    root,
    unpacked: isUnpacked ? join(entry, ROOT_PARTS.root) : undefined,
    user: builderUser(image),
    env: { HOME: '/home/cnb', ...Object.fromEntries(variables) },
    order: orderOf(labels[LABELS.buildpack], 'buildpack', modules.buildpack),
    orderExtensions: orderOf(labels[LABELS.extension], 'extension', modules.extension),
    system: EMPTY_SYSTEM,
    runImages: description.runImages,
    osRelease: undefined,
    buildpacks: join(root, 'buildpacks'),
    extensions: join(root, 'extensions'),
    buildConfig: join(root, 'build-config'),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function listed(labels: Readonly<Record<string, string>>, kind: ModuleKind): readonly LabelledModule[] {
  return decodeModuleLayers(labels[moduleLayersKey(kind)] ?? '{}') ?? [];
}

/** Labels may leave out the version of the only one there is. */
function orderOf(label: string | undefined, kind: ModuleKind, modules: readonly LabelledModule[]): Order {
  return (decodeOrderLabel(label ?? '[]', kind) ?? []).map((group) =>
    group.map((element) => ({
      ...element,
      version: element.version === '' ? (modules.find(({ id }) => id === element.id)?.version ?? '') : element.version,
    })),
  );
}

/** As much of a descriptor as the label has. JSON's strings are TOML's. */
async function writeDescriptor(
  directory: string,
  { id, version, info }: LabelledModule,
  kind: ModuleKind,
): Promise<void> {
  const text = JSON.stringify;
  const path = join(directory, escapeId(id), version);
  const order = orderOfInfo(info, kind).map((group) => [
    '[[order]]',
    ...group.map((each) =>
      [
        '[[order.group]]',
        `id = ${text(each.id)}`,
        `version = ${text(each.version)}`,
        `optional = ${String(each.optional)}`,
      ].join('\n'),
    ),
  ]);
  const api = typeof info['api'] === 'string' ? info['api'] : '';
  await mkdir(path, { recursive: true });
  await writeFile(
    join(path, `${kind}.toml`),
    [`api = ${text(api)}`, `[${kind}]`, `id = ${text(id)}`, `version = ${text(version)}`, ...order.flat(), ''].join(
      '\n',
    ),
  );
}
