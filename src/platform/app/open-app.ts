import { open, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { uniqueSuffix } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { removeTree } from '../../layer/remove-tree.ts';
import { inputCalled } from '../../locate/standard.ts';
import { keepStandardInput, STANDARD_INPUT } from '../../store/archive/standard-input.ts';
import type { Machine } from '../machine.ts';
import { archiveKind } from './archive-kind.ts';
import { unpackApp, type AppLimits } from './unpack-app.ts';

/** What `--path` is for an app from standard input. */
export const STANDARD_APP = '-';

/** The files of an app, whatever it came as. Disposing removes what was unpacked. */
export interface App extends AsyncDisposable {
  /** A directory on this machine, its links resolved. */
  readonly directory: string;
  /** What it is known by from build to build: a path, or `-`. */
  readonly name: string;
  /** It was unpacked for this build alone, so its files may be moved. */
  readonly isUnpacked: boolean;
}

/** An app as it was named. */
export interface AppRequest {
  /** A directory, a zip, jar or war, a tar in any compression that layers have, or `-`. */
  readonly path: string;
  readonly machine: Machine;
  /** Default: `APP_LIMITS`. */
  readonly limits?: AppLimits;
}

/**
 * The app as a directory: itself, or what its archive holds, unpacked below `ctx.tmp`. What an archive is shows in its bytes, not in its
 * name. Throws `FILE_NOT_FOUND`, `FILE_NOT_READABLE`, `ARGUMENT_INVALID` for what is no app, and what `unpackApp` throws; nothing stays
 * then.
 */
export async function openApp(request: AppRequest, ctx: Context): Promise<App> {
  const { path, machine } = request;
  if (path === STANDARD_APP) {
    await using kept = await keepStandardInput(inputCalled(`--path ${path}`, machine.standard), ctx);
    return await unpacked({ ...request, file: kept.path, shown: STANDARD_INPUT, name: path }, ctx);
  }
  const found = resolve(machine.cwd, path);
  const stats = await statOf(found, path);
  const name = await realpath(found);
  if (stats.isDirectory())
    return { directory: name, name, isUnpacked: false, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (stats.isFile()) return unpacked({ ...request, file: found, shown: path, name }, ctx);
  throw new SlipwayError('ARGUMENT_INVALID', `the app ${path} is neither a directory nor a file`, {
    hint: 'name a directory or an archive with --path, or pipe an archive into --path -',
  });
}

interface Unpacking extends AppRequest {
  readonly file: string;
  /** The file as messages call it. */
  readonly shown: string;
  readonly name: string;
}

async function unpacked({ file, shown, name, limits }: Unpacking, ctx: Context): Promise<App> {
  const directory = join(ctx.tmp, `app.${uniqueSuffix()}`);
  const remove = (): Promise<void> => removeTree(directory, ctx);
  try {
    await using handle = await openFile(file, shown);
    const kind = await archiveKind(handle, shown);
    await makeDirectory(directory, { mode: 0o755 });
    await unpackApp({ handle, kind, shown, ...(limits === undefined ? {} : { limits }) }, directory, ctx);
  } catch (error) {
    await remove();
    throw error;
  }
  return { directory: await realpath(directory), name, isUnpacked: true, [Symbol.asyncDispose]: remove };
}

async function statOf(path: string, shown: string): Promise<Awaited<ReturnType<typeof stat>>> {
  try {
    return await stat(path);
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR')) throw unreadable(shown, error);
    throw new SlipwayError('FILE_NOT_FOUND', `there is no app ${shown}`, {
      exit: 3,
      cause: error,
      hint: 'name the directory or the archive of the app with --path',
    });
  }
}

async function openFile(path: string, shown: string): ReturnType<typeof open> {
  try {
    return await open(path);
  } catch (error) {
    throw unreadable(shown, error);
  }
}

function unreadable(shown: string, error: unknown): SlipwayError {
  return new SlipwayError('FILE_NOT_READABLE', `cannot read the app ${shown}: ${messageOf(error)}`, {
    exit: 3,
    cause: error,
  });
}
