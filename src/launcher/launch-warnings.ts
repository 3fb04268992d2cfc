import type { BuildMetadata } from '../cnb/process.ts';
import { utf8 } from '../core/bytes.ts';
import { showPath, toBuffer } from '../layer/byte-path.ts';
import { filesIn, type LaunchLayer, type NamedItem } from './launch-layer.ts';

/** Programs of the run image that a launcher uses. */
export interface RunImageTools {
  readonly hasShell: boolean;
  readonly hasBash: boolean;
  readonly hasEnv: boolean;
  readonly hasXargs: boolean;
}

/** What will go wrong at start with any launcher, of layers whose contents are at hand. */
export function layerWarnings(layers: readonly LaunchLayer[], metadata: BuildMetadata): readonly string[] {
  return layers.flatMap((layer) => [
    ...namedFiles(layer, 'exec.d', metadata)
      .filter(({ item }) => item.kind === 'file' && !item.isExecutable)
      .map(({ path }) => `${layer.path}/${showPath(path)} is not executable: the launch will fail`),
    ...envFiles(layer, metadata)
      .filter(({ item }) => item.kind === 'file' && item.bytes?.includes(0) === true)
      .map(({ path }) => `${layer.path}/${showPath(path)} has a NUL, which no variable can hold`),
  ]);
}

/** What the run image lacks for the processes, under any launcher; asked for only where a process needs a shell. */
export function processWarnings(metadata: BuildMetadata, tools: RunImageTools, kind: string): readonly string[] {
  if (tools.hasBash) return [];
  const instead =
    kind === 'shell'
      ? '/bin/sh will run it, which knows less'
      : 'it cannot start. Choose a run image with bash, or make the process direct';
  return shellProcesses(metadata).map(
    (type) => `the process ${type} needs /bin/bash, which the run image does not have: ${instead}`,
  );
}

/** What the shell launcher will miss in the run image. */
export function shellWarnings(
  layers: readonly LaunchLayer[],
  metadata: BuildMetadata,
  tools: RunImageTools,
): readonly string[] {
  const odd = layers.flatMap((layer) =>
    envFiles(layer, metadata)
      .filter(({ name }) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(variableOf(name)))
      .map(({ path }) => `${layer.path}/${showPath(path)}`),
  );
  const [profile] = layers.flatMap((layer) =>
    namedFiles(layer, 'profile.d', metadata).map(({ path }) => `${layer.path}/${showPath(path)}`),
  );
  return [
    ...odd.map((path) =>
      tools.hasEnv
        ? `${path} names a variable that no shell can hold: only a process that is started directly is sure to get it`
        : `${path} names a variable that no shell can hold, and the run image has no env program: the launch will fail`,
    ),
    ...(profile === undefined || tools.hasBash
      ? []
      : [`${profile} is for bash, which the run image does not have: /bin/sh will read it`]),
    ...(tools.hasXargs
      ? []
      : ['the run image has no xargs: variables given at run time whose names hold dots or dashes will be lost']),
  ];
}

/** Process types that are started by a shell. */
export function shellProcesses(metadata: BuildMetadata): readonly string[] {
  return [...new Set(metadata.processes.filter(({ direct }) => !direct).map(({ type }) => type))];
}

function envFiles(layer: LaunchLayer, metadata: BuildMetadata): readonly NamedItem[] {
  return [...filesIn(layer, 'env'), ...namedFiles(layer, 'env.launch', metadata)];
}

/** Files for all processes and for each type that there is. */
function namedFiles(layer: LaunchLayer, directory: string, { processes }: BuildMetadata): readonly NamedItem[] {
  const types = [...new Set(processes.map(({ type }) => type))].filter((type) => type !== '');
  return [directory, ...types.map((type) => `${directory}/${type}`)].flatMap((each) => filesIn(layer, each));
}

/** An env file's name without its suffix. */
function variableOf(name: string): string {
  const text = utf8(toBuffer(name)) ?? '';
  const dot = text.indexOf('.');
  return dot < 0 ? text : text.slice(0, dot);
}
