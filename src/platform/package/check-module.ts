import { lstat, open, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { ModuleListing } from '../../cnb/files/module-listing.ts';
import { moduleName } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { namesIn } from '../../core/names-in.ts';

/** The programs that make a module what it is. */
const PROGRAMS = { buildpack: ['detect', 'build'], extension: ['detect', 'generate'] } as const;

/**
 * Warns of what would only fail in a build (`MODULE_DOUBTFUL`): programs that are missing, cannot be run, or begin with a line that ends
 * as in Windows; links in `bin` to outside of the module. A composite buildpack needs no programs.
 */
export async function checkModule(directory: string, listing: ModuleListing, ctx: Context): Promise<void> {
  const warn = (problem: string): void =>
    ctx.emit({ type: 'warning', code: 'MODULE_DOUBTFUL', message: `${moduleName(listing)}: ${problem}` });
  const names = await namesIn(join(directory, 'bin'));
  if (listing.order.length === 0)
    for (const name of PROGRAMS[listing.kind])
      if (!names.includes(name) && !(listing.kind === 'extension' && name === 'detect')) warn(`bin/${name} is missing`);
  for (const name of names) {
    const path = join(directory, 'bin', name);
    const stat = await lstat(path);
    if (stat.isSymbolicLink() && leaves(await readlink(path))) warn(`bin/${name} is a link to outside of it`);
    if (!stat.isFile()) continue;
    const isProgram = PROGRAMS[listing.kind].some((program) => program === name);
    if (isProgram && (stat.mode & 0o100) === 0) warn(`bin/${name} is not executable: run chmod +x`);
    if (await hasWindowsShebang(path))
      warn(`bin/${name} has Windows line ends: Linux looks for an interpreter with a CR in its name`);
  }
}

function leaves(target: string): boolean {
  return target.startsWith('/') || posix.normalize(`bin/${target}`).startsWith('..');
}

async function hasWindowsShebang(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
  const [first = ''] = buffer.subarray(0, bytesRead).toString('latin1').split('\n', 1);
  return first.startsWith('#!') && first.endsWith('\r') && first.length < bytesRead;
}
