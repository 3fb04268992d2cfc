import { goJson } from '../oci/go-json.ts';
import type { BuilderFile } from './files/builder.ts';
import type { LifecycleApis, LifecycleDescriptor } from './files/lifecycle-descriptor.ts';
import type { RunImageEntry } from './files/run.ts';
import { encodeToml, orNone, struct, type TomlDocument } from './files/toml-write.ts';
import type { ListedModule } from './listed-module.ts';
import type { Label } from './process.ts';
import type { Order, OrderElement } from './module.ts';
import { orderJson } from './package-labels.ts';

export interface BuilderFacts {
  readonly file: BuilderFile;
  readonly buildpacks: readonly ListedModule[];
  readonly extensions: readonly ListedModule[];
  readonly createdBy: { readonly name: string; readonly version: string };
  /** Of the builder's own lifecycle, or of the one that is a part of whoever made it. */
  readonly lifecycle: LifecycleDescriptor;
}

/** The files in `/cnb` of a builder, by path; those that would be empty are left out. */
export function builderFiles(file: BuilderFile): ReadonlyMap<string, string> {
  const files = new Map<string, string>([
    [
      '/cnb/order.toml',
      encodeToml(
        struct([
          ['order-extensions', orNone(file.orderExtensions.map(groupToml))],
          ['order', orNone(file.order.map(groupToml))],
        ]),
      ),
    ],
    ['/cnb/run.toml', encodeToml(struct([['images', file.runImages.map(runImageToml)]]))],
    ['/cnb/stack.toml', stackToml(file.runImages)],
  ]);
  const { pre, post } = file.system;
  if (pre.length + post.length > 0) files.set('/cnb/system.toml', systemToml(pre, post));
  for (const { name, value, suffix, delimiter } of file.env) {
    files.set(`/cnb/build-config/env/${name}${suffix === '' ? '' : `.${suffix}`}`, value);
    if (delimiter !== '') files.set(`/cnb/build-config/env/${name}.delim`, delimiter);
  }
  return files;
}

/** Labels of a builder, those of the modules' layers apart (interfaces §5.5). */
export function builderLabels(facts: BuilderFacts): readonly Label[] {
  const { file } = facts;
  const { pre, post } = file.system;
  return [
    { key: 'io.buildpacks.builder.metadata', value: metadataJson(facts) },
    { key: 'io.buildpacks.buildpack.order', value: goJson(orderJson(file.order)) },
    ...(file.orderExtensions.length === 0
      ? []
      : [{ key: 'io.buildpacks.buildpack.order-extensions', value: goJson(orderJson(file.orderExtensions)) }]),
    ...(pre.length + post.length === 0
      ? []
      : [
          {
            key: 'io.buildpacks.buildpack.system',
            value: goJson({ pre: { buildpacks: systemJson(pre) }, post: { buildpacks: systemJson(post) } }),
          },
        ]),
    ...(file.stackId === '' ? [] : [{ key: 'io.buildpacks.stack.id', value: file.stackId }]),
  ];
}

function metadataJson({ file, buildpacks, extensions, createdBy, lifecycle }: BuilderFacts): string {
  const [first] = file.runImages;
  const { version, apis } = lifecycle;
  return goJson({
    description: file.description,
    buildpacks: buildpacks.map(moduleJson),
    extensions: extensions.length === 0 ? undefined : extensions.map(moduleJson),
    stack: { runImage: { image: first?.image ?? '', mirrors: first?.mirrors ?? [] } },
    lifecycle: {
      version,
      api: { buildpack: lowest(apis.buildpack), platform: lowest(apis.platform) },
      apis: { buildpack: apisJson(apis.buildpack), platform: apisJson(apis.platform) },
    },
    createdBy,
    images: file.runImages.map(({ image, mirrors }) => ({ image, mirrors })),
  });
}

/** What old readers look at: one version. */
function lowest({ deprecated, supported }: LifecycleApis): string | undefined {
  return [...deprecated, ...supported][0];
}

function apisJson({ deprecated, supported }: LifecycleApis): unknown {
  return { deprecated: deprecated.length === 0 ? null : deprecated, supported };
}

function moduleJson({ id, version, name, homepage }: ListedModule): unknown {
  return { id, name, version, homepage };
}

function systemJson(modules: readonly OrderElement[]): unknown {
  return modules.map(({ id, version, optional }) => ({
    id,
    version: version === '' ? undefined : version,
    optional: optional ? true : undefined,
  }));
}

function groupToml(group: Order[number]): TomlDocument {
  return struct([['group', group.map(elementToml)]]);
}

function elementToml({ id, version, optional, kind }: OrderElement): TomlDocument {
  return struct([
    ['id', id],
    ['version', version],
    ['optional', optional && kind === 'buildpack' ? true : undefined],
  ]);
}

function systemToml(pre: readonly OrderElement[], post: readonly OrderElement[]): string {
  const part = (modules: readonly OrderElement[]): TomlDocument =>
    struct([['buildpacks', orNone(modules.map(elementToml))]]);
  return encodeToml(
    struct([
      [
        'system',
        struct([
          ['pre', part(pre)],
          ['post', part(post)],
        ]),
      ],
    ]),
  );
}

function runImageToml({ image, mirrors }: RunImageEntry): TomlDocument {
  return struct([
    ['image', image],
    ['mirrors', orNone(mirrors)],
  ]);
}

/** For platforms below API 0.12. */
function stackToml([first]: readonly RunImageEntry[]): string {
  return first === undefined ? '' : encodeToml(struct([['run-image', runImageToml(first)]]));
}
