import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { processLayers, withBuildLayers } from '../../src/phases/build/process-layers.ts';
import { temporaryDirectory } from '../support/context.ts';
import {
  envLayers,
  environments,
  modelEnvDirectory,
  modelRootDirs,
  type ModelEnv,
  type ModelLayer,
} from '../support/env-model.ts';

interface BuildLayer extends ModelLayer {
  readonly isBuild: boolean;
}

const layers = fc.dictionary(
  fc.constantFrom('a', 'B', 'a-b', 'z', '.h', 'é'),
  fc.tuple(envLayers(), fc.boolean()).map(([layer, isBuild]): BuildLayer => ({ ...layer, isBuild })),
  { maxKeys: 3, noNullPrototype: true },
);

describe('the environment after a buildpack', () => {
  it('is what the model makes of its build layers, whatever they hold (contract §12.3)', async (test) => {
    const root = temporaryDirectory(test);
    let count = 0;
    await fc.assert(
      fc.asyncProperty(environments(), layers, async (env, all) => {
        const directory = join(root, String((count += 1)));
        mkdirSync(directory);
        for (const [name, layer] of Object.entries(all)) writeLayer(join(directory, name), layer);
        const found = await withBuildLayers(env, await processLayers(directory), '/layers/bp');
        assert.deepEqual(found, modelOf(env, all));
      }),
      { numRuns: 60 },
    );
  });
});

function writeLayer(path: string, { directories, env, phase, isBuild }: BuildLayer): void {
  mkdirSync(path);
  writeFileSync(`${path}.toml`, `[types]\nbuild = ${String(isBuild)}\nlaunch = true\n`);
  for (const directory of directories) mkdirSync(join(path, directory));
  // What is for launch, and what is in a directory of the wrong name, plays no part.
  for (const [directory, files] of Object.entries({ env, 'env.build': phase, 'env.launch': env, environment: env })) {
    mkdirSync(join(path, directory));
    for (const [name, value] of Object.entries(files)) writeFileSync(join(path, directory, name), value);
  }
}

function modelOf(env: ModelEnv, all: Readonly<Record<string, BuildLayer>>): ModelEnv {
  return Object.entries(all)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .filter(([, { isBuild }]) => isBuild)
    .reduce((now, [name, { directories, env: files, phase }]) => {
      const rooted = modelRootDirs(now, { path: `/layers/bp/${name}`, directories }, 'build');
      return modelEnvDirectory(modelEnvDirectory(rooted, files, 'override'), phase, 'override');
    }, env);
}
