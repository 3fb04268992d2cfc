import type { BuilderDescription } from '../cnb/builder-description.ts';
import type { LifecycleApis } from '../cnb/files/lifecycle-descriptor.ts';
import { writtenOutName } from '../cnb/run-image-name.ts';
import { detectionLines, moduleLines } from './detection-text.ts';

export interface ShownBuilder extends BuilderDescription {
  readonly name: string;
  readonly isRemote: boolean;
  readonly isTrusted: boolean;
  readonly ownMirrors: ReadonlyMap<string, readonly string[]>;
}

/** A builder for people, in the order of `pack builder inspect`. */
export function builderLines(builder: ShownBuilder): readonly string[] {
  const { createdBy, stackId, lifecycle, extensions, orderExtensions } = builder;
  return [
    `Inspecting builder: '${builder.name}'`,
    '',
    builder.isRemote ? 'REMOTE:' : 'LOCAL:',
    '',
    ...(builder.description === '' ? [] : [`Description: ${builder.description}`, '']),
    'Created By:',
    `  Name: ${createdBy.name}`,
    `  Version: ${createdBy.version}`,
    '',
    `Trusted: ${builder.isTrusted ? 'Yes' : 'No'}`,
    '',
    ...(stackId === '' ? [] : ['Stack:', `  ID: ${stackId}`, ...mixinLines(builder.stackMixins), '']),
    'Lifecycle:',
    `  Version: ${lifecycle.version}`,
    '  Buildpack APIs:',
    ...apiLines(lifecycle.buildpackApis),
    '  Platform APIs:',
    ...apiLines(lifecycle.platformApis),
    '',
    'Run Images:',
    ...orNone(runImageLines(builder)),
    '',
    'Buildpacks:',
    ...(builder.buildpacks.length === 0 ? ['  (none)'] : moduleLines(builder.buildpacks)),
    '',
    'Detection Order:',
    ...orNone(detectionLines(builder.order)),
    ...(extensions.length === 0 ? [] : ['', 'Extensions:', ...moduleLines(extensions)]),
    ...(orderExtensions.length === 0 ? [] : ['', 'Detection Order (Extensions):', ...detectionLines(orderExtensions)]),
  ];
}

function mixinLines(mixins: readonly string[]): readonly string[] {
  return mixins.length === 0 ? [] : ['  Mixins:', ...mixins.map((mixin) => `    ${mixin}`)];
}

function apiLines({ deprecated, supported }: LifecycleApis): readonly string[] {
  const list = (apis: readonly string[]): string => (apis.length === 0 ? '(none)' : apis.join(', '));
  return [`    Deprecated: ${list(deprecated)}`, `    Supported: ${list(supported)}`];
}

function runImageLines({ runImages, ownMirrors }: ShownBuilder): readonly string[] {
  return runImages.flatMap(({ image, mirrors }) => [
    ...(ownMirrors.get(writtenOutName(image)) ?? []).map((mirror) => `  ${mirror}   (user-configured)`),
    ...[image, ...mirrors].map((name) => `  ${name}`),
  ]);
}

function orNone(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['  (none)'] : lines;
}
