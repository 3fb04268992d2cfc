import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import { isWithinPath } from '../../options/build/path-within.ts';
import type { Mount, SandboxRoot, SandboxStep } from '../../sandbox/sandbox.ts';
import { describeIssues, ObjectReader } from '../../schema/reader.ts';
import { STEP_FILE, type KeptStep } from './kept-step.ts';

const VERSION = 1;
const PHASES = ['detect', 'generate', 'build'] as const;

/** Nobody else may read it: variables of a build are in it. */
export async function writeStep(step: KeptStep): Promise<void> {
  const text = `${JSON.stringify({ v: VERSION, ...step }, null, 2)}\n`;
  await writeFileAtomic(join(step.directory, STEP_FILE), text, { mode: 0o600 });
}

/** The step that was kept in a directory, also in one that was moved since. Throws `FILE_NOT_FOUND` and `FILE_INVALID`. */
export async function readStep(directory: string): Promise<KeptStep> {
  const file = join(directory, STEP_FILE);
  const step = decodeStep(await readText(directory, file), file);
  return step.directory === directory ? step : moved(step, directory);
}

async function readText(directory: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) throw error;
    const isMissing = isSystem(error, 'ENOENT', 'ENOTDIR');
    throw new SlipwayError(
      isMissing ? 'FILE_NOT_FOUND' : 'FILE_NOT_READABLE',
      isMissing ? `${directory} holds no kept build` : `cannot read ${file}: ${messageOf(error)}`,
      { exit: 3, cause: error, hint: 'name the directory that slipway build --on-error keep told; slipway cache ls' },
    );
  }
}

function decodeStep(text: string, file: string): KeptStep {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SlipwayError('FILE_INVALID', `${file}: ${messageOf(error)}`, { exit: 3, cause: error });
  }
  const reader = new ObjectReader(value);
  if (reader.safeInteger('v') !== VERSION) reader.issue('v', 'is of another version of slipway');
  const request = reader.object('request');
  const leftOut = reader.object('leftOut');
  const builder = reader.optionalString('builder');
  const step: KeptStep = {
    step: readPhase(reader.object('step')),
    image: reader.string('image'),
    time: reader.string('time'),
    directory: reader.string('directory'),
    uid: reader.safeInteger('uid'),
    sandbox: reader.string('sandbox'),
    mapsPaths: reader.boolean('mapsPaths'),
    failure: reader.string('failure'),
    request: readRequest(request),
    ...(reader.has('limits') ? { limits: readLimits(reader.object('limits')) } : {}),
    ...(builder === undefined ? {} : { builder }),
    leftOut: { variables: leftOut.strings('variables'), mounts: leftOut.strings('mounts') },
  };
  if (reader.issues.length > 0)
    throw new SlipwayError('FILE_INVALID', `${file}: ${describeIssues(reader.issues)}`, { exit: 3 });
  return step;
}

function readPhase(reader: ObjectReader): SandboxStep {
  const text = reader.string('phase');
  const phase = PHASES.find((each) => each === text);
  if (phase === undefined) reader.issue('phase', 'is none that runs buildpacks');
  return { phase: phase ?? 'build', module: reader.string('module') };
}

function readRequest(reader: ObjectReader): KeptStep['request'] {
  const [program = '', ...args] = reader.strings('argv');
  if (program === '') reader.issue('argv', 'has no program');
  const network = reader.string('network');
  return {
    root: readRoot(reader.object('root')),
    argv: [program, ...args],
    cwd: reader.string('cwd'),
    env: reader.optionalStringMap('env') ?? {},
    mounts: reader.list('mounts', readMount),
    network: network === 'none' ? 'none' : 'host',
    ...(reader.has('user') ? { user: readUser(reader.object('user')) } : {}),
  };
}

function readRoot(reader: ObjectReader): SandboxRoot {
  return reader.string('kind') === 'directory' ? { kind: 'directory', path: reader.string('path') } : { kind: 'host' };
}

function readMount(reader: ObjectReader): Mount {
  return { source: reader.string('source'), target: reader.string('target'), writable: reader.boolean('writable') };
}

function readUser(reader: ObjectReader): { readonly uid: number; readonly gid: number } {
  return { uid: reader.safeInteger('uid'), gid: reader.safeInteger('gid') };
}

/** Whatever limits there are: all of them are numbers. */
function readLimits(reader: ObjectReader): Readonly<Record<string, number>> {
  return Object.fromEntries(reader.keys().map((key) => [key, reader.safeInteger(key)]));
}

/** What lay below the old place lies below the new one. */
function moved(step: KeptStep, directory: string): KeptStep {
  const at = (path: string): string =>
    isWithinPath(path, step.directory) ? directory + path.slice(step.directory.length) : path;
  const { root, mounts } = step.request;
  return {
    ...step,
    directory,
    request: {
      ...step.request,
      root: root.kind === 'directory' ? { ...root, path: at(root.path) } : root,
      mounts: mounts.map((mount) => ({ ...mount, source: at(mount.source) })),
    },
  };
}
