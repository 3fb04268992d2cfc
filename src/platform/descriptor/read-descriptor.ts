import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { decodeProject } from '../../cnb/files/project.ts';
import type { ProjectFile } from '../../cnb/project.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import type { App } from '../app/open-app.ts';
import type { BuildOptions } from '../build/options.ts';

/** The name that a descriptor has where none is named. */
const NAME = 'project.toml';

/** A descriptor, and where what it names is looked for. */
export interface Descriptor {
  readonly project: ProjectFile;
  /** The file as messages call it. */
  readonly shown: string;
  /** Its directory: relative uris count from there. */
  readonly base: string;
}

/**
 * The descriptor that was named, else project.toml of the app; undefined when there is none. Its warnings are emitted. Throws
 * `FILE_NOT_FOUND` for one that was named, `FILE_NOT_READABLE`, `FILE_INVALID` with file and key.
 */
export async function readDescriptor(
  { descriptor, path, machine }: Pick<BuildOptions, 'descriptor' | 'path' | 'machine'>,
  app: App,
  ctx: Context,
): Promise<Descriptor | undefined> {
  const file = descriptor === undefined ? join(app.directory, NAME) : resolve(machine.cwd, descriptor);
  const shown = descriptor ?? (app.isUnpacked ? `${NAME} of ${path}` : join(path, NAME));
  const bytes = await bytesOf(file, { shown, isNamed: descriptor !== undefined });
  if (bytes === undefined) return undefined;
  const project = decodeProject(bytes, shown);
  for (const message of project.warnings) ctx.emit({ type: 'warning', code: 'PROJECT_KEY', message });
  return { project, shown, base: dirname(file) };
}

async function bytesOf(
  file: string,
  { shown, isNamed }: { readonly shown: string; readonly isNamed: boolean },
): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR'))
      throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${shown}: ${messageOf(error)}`, {
        exit: 3,
        cause: error,
      });
    if (!isNamed) return undefined;
    throw new SlipwayError('FILE_NOT_FOUND', `there is no project descriptor ${shown}`, {
      exit: 3,
      cause: error,
      hint: 'name the project.toml with --descriptor, or leave it out to take the one in the app',
    });
  }
}
