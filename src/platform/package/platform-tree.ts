import { copyFile, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModuleKind } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { Platform } from '../../oci/platform.ts';
import { copyTree } from '../../workspace/copy-tree.ts';

/**
 * The part of a module's directory that is for one platform: `OS/ARCH[/VARIANT]` where there is such a directory (pack's folder structure
 * of several platforms), with the descriptor of the module's own directory when it has none; else the directory itself.
 */
export async function platformTree(
  directory: string,
  kind: ModuleKind,
  platform: Platform,
  ctx: Context,
): Promise<string> {
  const { os, architecture, variant } = platform;
  const candidates = [...(variant === undefined ? [] : [join(os, architecture, variant)]), join(os, architecture)];
  for (const candidate of candidates) {
    const found = join(directory, candidate);
    if ((await pathKind(found)) !== 'directory') continue;
    const names = await readdir(found);
    if (names.includes(`${kind}.toml`)) return found;
    if (!names.includes('bin')) continue;
    const copy = await mkdtemp(join(ctx.tmp, 'platform-'));
    await copyTree(found, copy, ctx);
    await copyFile(join(directory, `${kind}.toml`), join(copy, `${kind}.toml`));
    return copy;
  }
  return directory;
}
