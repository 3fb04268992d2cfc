import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addRootDirs, applyEnvFiles, type Env } from '../../cnb/env.ts';
import { pathKind } from '../../core/path-kind.ts';
import { readEnvDirectory } from '../../workspace/env-directory.ts';
import { type DiskLayer, listLayers } from '../../workspace/layers-directory.ts';

/**
 * What a buildpack left (contract §12.2): layers without any type lose their contents to `<layer>.ignore`, a stale one of which
 * goes first (GAP-15). Returns the layers that have a file. Throws the problem of a `<layer>.toml` that cannot be read.
 */
export async function processLayers(directory: string): Promise<readonly DiskLayer[]> {
  const layers = await listLayers(directory);
  for (const layer of layers) {
    if (layer.problem !== undefined) throw layer.problem;
    if (layer.file === undefined || !layer.hasContents) continue;
    const { build, cache, launch } = layer.file.types;
    if (build || cache || launch) continue;
    await rm(`${layer.path}.ignore`, { recursive: true, force: true });
    await rename(layer.path, `${layer.path}.ignore`);
  }
  return layers.filter((layer) => layer.file !== undefined);
}

/**
 * The environment for later buildpacks: each build layer's root directories, `env` and `env.build` (contract §12.3). `seen` is the
 * buildpack's layers directory as commands see it.
 */
export async function withBuildLayers(env: Env, layers: readonly DiskLayer[], seen: string): Promise<Env> {
  let result = env;
  for (const layer of layers) {
    if (layer.file?.types.build !== true || !layer.hasContents) continue;
    result = addRootDirs(result, join(seen, layer.name), await rootDirectories(layer.path), 'build');
    for (const name of ['env', 'env.build']) {
      result = applyEnvFiles(
        result,
        await readEnvDirectory(join(layer.path, name), { within: dirname(layer.path) }),
        'override',
      );
    }
  }
  return result;
}

const ROOT_DIRECTORIES: readonly string[] = ['bin', 'lib', 'include', 'pkgconfig'];

async function rootDirectories(layer: string): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  for (const name of ROOT_DIRECTORIES) if ((await pathKind(join(layer, name))) === 'directory') present.add(name);
  return present;
}
