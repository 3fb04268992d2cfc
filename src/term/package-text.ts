import type { DetectionEntry } from '../cnb/detection-tree.ts';
import type { ListedModule } from '../cnb/listed-module.ts';
import type { ModuleKind } from '../cnb/module.ts';
import { isObject, type JsonObject } from '../schema/reader.ts';
import { detectionLines, moduleLines } from './detection-text.ts';

export interface ShownPackage {
  readonly kind: ModuleKind;
  readonly name: string;
  readonly main: ListedModule;
  readonly info: JsonObject;
  readonly modules: readonly ListedModule[];
  readonly order: readonly DetectionEntry[];
}

/** A buildpack or extension for people, in the order of `pack buildpack inspect`. */
export function packageLines({ kind, name, main, info, modules, order }: ShownPackage): readonly string[] {
  const { api, stacks, targets } = info;
  const named = (list: unknown, show: (entry: JsonObject) => string): readonly string[] =>
    Array.isArray(list) ? list.filter(isObject).map((entry) => `  ${show(entry)}`) : [];
  const stackLines = named(stacks, ({ id }) => `ID: ${text(id)}`);
  const targetLines = named(targets, ({ os, arch, variant }) =>
    [os, arch, variant]
      .map(text)
      .filter((part) => part !== '')
      .join('/'),
  );
  return [
    `Inspecting ${kind}: '${name}'`,
    '',
    `ID: ${main.id}`,
    `Version: ${main.version}`,
    ...(typeof api === 'string' ? [`API: ${api}`] : []),
    '',
    ...(stackLines.length === 0 ? [] : ['Stacks:', ...stackLines, '']),
    ...(targetLines.length === 0 ? [] : ['Targets:', ...targetLines, '']),
    kind === 'buildpack' ? 'Buildpacks:' : 'Extensions:',
    ...moduleLines(modules),
    ...(kind === 'buildpack' ? ['', 'Detection Order:', ...detectionLines(order)] : []),
  ];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
