import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LaunchBed, launchProcess, TEST_BUILDPACK, testShells } from '../support/launched.ts';
import {
  ENV_NAMES,
  envLayers,
  environments,
  modelEnvDirectory,
  modelRootDirs,
  type ModelEnv,
  type ModelLayer,
} from '../support/env-model.ts';

type Buildpacks = readonly Readonly<Record<string, ModelLayer>>[];

const IDS = ['test/one', 'a/two'] as const;
const layers = fc.dictionary(fc.constantFrom('a', 'B', 'a-b', 'z', '.h', 'é'), envLayers(), {
  maxKeys: 2,
  noNullPrototype: true,
});

for (const shell of testShells()) {
  describe(`the environment under ${shell.name}`, () => {
    it('is what the model makes of the launch layers, whatever they hold (L-10)', (test) => {
      fc.assert(
        fc.property(environments(), fc.tuple(layers, layers), (given, buildpacks) => {
          const bed = new LaunchBed(test, {
            buildpacks: IDS.map((id) => ({ ...TEST_BUILDPACK, id })),
            processes: [launchProcess('web', ['/usr/bin/env', '-0'])],
          });
          buildpacks.forEach((all, at) => writeLayers(bed, IDS[at] ?? '', all));
          const env = { ...given, PATH: `/usr/bin:/bin:${given['PATH'] ?? ''}` };
          const { code, stdout, stderr } = bed.launch({ shell, type: 'web', env });
          assert.equal(code, 0, stdout + stderr);
          const found = new Map(stdout.split('\0').map((entry) => [entry.split('=')[0], entry.replace(/^[^=]*=/, '')]));
          const expected = modelOf(env, buildpacks);
          for (const name of [...ENV_NAMES, 'OTHER']) assert.equal(found.get(name), expected[name], name);
        }),
        { numRuns: 15 },
      );
    });
  });
}

function writeLayers(bed: LaunchBed, id: string, all: Readonly<Record<string, ModelLayer>>): void {
  for (const [name, { directories, env, phase }] of Object.entries(all)) {
    const path = `layers/${id.replace('/', '_')}/${name}`;
    for (const directory of directories) mkdirSync(join(bed.root, path, directory), { recursive: true });
    const contents = { env, 'env.launch/web': phase, 'env.build': env, 'env.launch/other': env };
    for (const [directory, files] of Object.entries(contents)) {
      for (const [file, value] of Object.entries(files)) bed.write(`${path}/${directory}/${file}`, value);
    }
  }
}

function modelOf(given: ModelEnv, buildpacks: Buildpacks): ModelEnv {
  return buildpacks.reduce((before, all, at) => {
    const inOrder = Object.entries(all).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const rooted = inOrder.reduce((now, [name, { directories }]) => {
      const path = `/layers/${(IDS[at] ?? '').replace('/', '_')}/${name}`;
      return modelRootDirs(now, { path, directories }, 'launch');
    }, before);
    return inOrder.reduce(
      (now, [, { env, phase }]) => modelEnvDirectory(modelEnvDirectory(now, env, 'override'), phase, 'override'),
      rooted,
    );
  }, given);
}
