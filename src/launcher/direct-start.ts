import { posix } from 'node:path';
import { addRootDirs, applyEnvFiles, type Env, type EnvFile } from '../cnb/env.ts';
import { buildpackFeatures, type PlatformFeatures } from '../cnb/features.ts';
import type { BuildMetadata, LaunchProcess } from '../cnb/process.ts';
import { utf8 } from '../core/bytes.ts';
import { showPath, toBuffer } from '../layer/byte-path.ts';
import { absoluteCommand } from './absolute-command.ts';
import { dirsFor, filesIn, READ_DIRS, ROOT_DIRS, type LaunchLayer } from './launch-layer.ts';
import type { Obstacle } from './obstacle.ts';

/** How an image without a launcher starts: all of it is in the image config. */
export interface DirectStart {
  readonly process: string;
  /** Variables that differ from the run image's. */
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly workingDir: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

export interface DirectFacts {
  readonly metadata: BuildMetadata;
  readonly features: PlatformFeatures;
  readonly execEnv: string;
  /** `-process-type`; else the buildpacks' default. */
  readonly processType: string | undefined;
  readonly appDir: string;
  /** `NAME=VALUE` of the run image. */
  readonly baseEnv: readonly string[];
  /** Every launch layer, in the order in which a launcher visits them. */
  readonly readLayers: () => Promise<readonly LaunchLayer[]>;
  /** The first of these absolute paths that is a program in the image. */
  readonly findProgram: (paths: readonly string[]) => Promise<string | undefined>;
}

/** The start of the default process without a launcher, or the first condition of launcher `none` that does not hold. */
export async function directStart(facts: DirectFacts): Promise<DirectStart | Obstacle> {
  const process = chooseProcess(facts);
  if ('obstacle' in process) return process;
  const words = chooseWords(process, facts);
  if ('obstacle' in words) return words;
  const workingDir = posix.resolve(facts.appDir, process.workingDir ?? '');
  const [command = '', ...fixed] = words.entrypoint;
  if (command.includes('/') && !command.startsWith('/') && workingDir !== facts.appDir)
    return { obstacle: `its command ${command} is relative, and its working directory is not the app's` };
  const layers = await facts.readLayers();
  const env = bakeEnv(layers, process.type, facts.baseEnv);
  if ('obstacle' in env) return env;
  const program = await absoluteCommand(command, env.all['PATH'], facts.findProgram);
  if (typeof program !== 'string') return program;
  return { process: process.type, env: env.changed, workingDir, entrypoint: [program, ...fixed], cmd: words.cmd };
}

function chooseProcess(facts: DirectFacts): LaunchProcess | Obstacle {
  const { metadata, features, execEnv } = facts;
  const asked = facts.processType ?? '';
  const type = asked === '' ? (metadata.defaultProcessType ?? '') : asked;
  if (type === '') return { obstacle: 'there is no default process' };
  const candidates = metadata.processes.filter((process) => process.type === type);
  if (candidates.length === 0) return { obstacle: `there is no process of type ${type}` };
  const eligible = candidates.find(
    ({ execEnv: envs = [] }) =>
      !features.hasExecEnv || envs.length === 0 || envs.includes('*') || envs.includes(execEnv),
  );
  if (eligible === undefined)
    return { obstacle: `the process ${type} is not for the execution environment ${execEnv}` };
  if (!eligible.direct) return { obstacle: `the process ${type} is one that a shell starts` };
  return eligible;
}

/** Entrypoint and Cmd (contract §16.2): what the user gives replaces Cmd and comes after the entrypoint. */
function chooseWords(
  process: LaunchProcess,
  { metadata, features }: DirectFacts,
): Pick<DirectStart, 'entrypoint' | 'cmd'> | Obstacle {
  const { command, args = [], type, buildpackId } = process;
  if (command.length === 0 || command[0] === '') return { obstacle: `the process ${type} has no command` };
  const api = metadata.buildpacks.find(({ id }) => id === buildpackId)?.api;
  if (api === undefined)
    return { obstacle: `the buildpack ${buildpackId} of the process ${type} is not in the metadata` };
  const isFixed = command.length === 1 && buildpackFeatures(api, `buildpack '${buildpackId}'`).appendsArguments;
  if (features.hasStringCommands || isFixed) return { entrypoint: [...command, ...args], cmd: [] };
  return { entrypoint: command, cmd: args };
}

function bakeEnv(
  layers: readonly LaunchLayer[],
  type: string,
  baseEnv: readonly string[],
): { readonly all: Env; readonly changed: DirectStart['env'] } | Obstacle {
  const base: Env = Object.fromEntries(baseEnv.map(splitEntry));
  let env: Env = base['PATH'] === undefined ? base : { ...base, PATH: withoutLauncher(base['PATH']) };
  for (const buildpackLayers of byBuildpack(layers)) {
    for (const layer of buildpackLayers)
      env = addRootDirs(
        env,
        layer.path,
        new Set(ROOT_DIRS.filter((directory) => layer.items.has(directory))),
        'launch',
      );
    for (const layer of buildpackLayers) {
      const link = READ_DIRS.find((directory) => layer.items.get(directory)?.kind === 'other');
      if (link !== undefined) return { obstacle: `${layer.path}/${link} is no directory of its own` };
      const [hook] = dirsFor('exec.d', type).flatMap((directory) => filesIn(layer, directory));
      if (hook !== undefined) return { obstacle: `${layer.path}/${showPath(hook.path)} runs at each start` };
      for (const directory of ['env', ...dirsFor('env.launch', type)]) {
        const files = readEnvFiles(layer, directory);
        if ('obstacle' in files) return files;
        env = applyEnvFiles(env, files.files, 'override');
      }
    }
  }
  return { all: env, changed: Object.entries(env).filter(([name, value]) => base[name] !== value) };
}

function readEnvFiles(layer: LaunchLayer, directory: string): { readonly files: readonly EnvFile[] } | Obstacle {
  const files: EnvFile[] = [];
  for (const { name: rawName, path, item } of filesIn(layer, directory)) {
    const shown = `${layer.path}/${showPath(path)}`;
    const name = utf8(toBuffer(rawName));
    const value = item.kind === 'file' && item.bytes !== undefined ? utf8(item.bytes) : undefined;
    if (item.kind !== 'file') return { obstacle: `${shown} is a link, or too long for a variable` };
    if (name === undefined || value === undefined) return { obstacle: `${shown} is not UTF-8` };
    if (value.includes('\0')) return { obstacle: `${shown} has a NUL` };
    if (name.startsWith('.') || name.includes('=')) return { obstacle: `${shown} is not the name of a variable` };
    files.push({ name, value });
  }
  return { files };
}

/** Neighbours of one buildpack together: its root directories come before its env files. */
function byBuildpack(layers: readonly LaunchLayer[]): readonly (readonly LaunchLayer[])[] {
  const groups = new Map<string, LaunchLayer[]>();
  for (const layer of layers) {
    const directory = posix.dirname(layer.path);
    groups.set(directory, [...(groups.get(directory) ?? []), layer]);
  }
  return [...groups.values()];
}

/** A base that is an app image itself has the launcher's directories in front. */
function withoutLauncher(path: string): string {
  return path
    .split(':')
    .filter((element) => element !== '/cnb/process' && element !== '/cnb/lifecycle')
    .join(':');
}

function splitEntry(entry: string): [string, string] {
  const equals = entry.indexOf('=');
  return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
}
