import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isVariableName } from '../cnb/env.ts';
import { isSystem, SlipwayError } from '../core/errors.ts';
import type { Machine } from '../platform/machine.ts';

/** Variables for buildpacks: files first, then `--env`; a later one wins; a bare NAME takes the value from this environment. */
export async function readBuildEnv(
  files: readonly string[],
  entries: readonly string[],
  machine: Machine,
): Promise<Readonly<Record<string, string>>> {
  const env: Record<string, string> = {};
  for (const file of files) {
    const text = await readText(resolve(machine.cwd, file), file);
    for (const line of text.split(/\r?\n/))
      if (line.trim() !== '' && !line.startsWith('#')) add(env, line, file, machine);
  }
  for (const entry of entries) add(env, entry, '--env', machine);
  return env;
}

function add(env: Record<string, string>, entry: string, source: string, machine: Machine): void {
  const equals = entry.indexOf('=');
  const name = equals < 0 ? entry : entry.slice(0, equals);
  if (!isVariableName(name)) throw new SlipwayError('ARGUMENT_INVALID', `${source}: "${entry}" is not NAME=VALUE`);
  const value = equals < 0 ? machine.env[name] : entry.slice(equals + 1);
  if (value !== undefined) env[name] = value;
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'EISDIR', 'EACCES')) throw error;
    throw new SlipwayError('FILE_NOT_FOUND', `cannot read --env-file ${shown}`, { exit: 3, cause: error });
  }
}
