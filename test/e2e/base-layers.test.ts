import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import { assertSucceeded, parseObject, runBuild, runOptions } from '../support/build-runs.ts';
import { slipway } from '../support/program.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

describe('the layers of a run image in a registry', () => {
  it('are not fetched for an image of the same registry: not for another repository, not for their own', async (t) => {
    const { fixture, registry, layers } = await scene(t);
    for (const image of ['acme/shop:1', 'base/run:app']) {
      registry.requests.length = 0;
      assertSucceeded(await runBuild(fixture, ['--output', `docker://${registry.name}/${image}`]));
      assert.deepEqual(fetched(registry, layers), [], image);
      const isSent = registry.requests.some(
        ({ path, bodyBytes }) => bodyBytes > 0 && layers.some((d) => path.includes(d)),
      );
      assert.equal(isSent, false, image);
    }
  });

  it('are fetched once for a layout, and not again for what has them', async (t) => {
    const { fixture, registry, layers } = await scene(t);
    const outputs = ['--output', 'oci:out', '--output', `docker://${registry.name}/acme/shop:1`];
    assertSucceeded(await runBuild(fixture, outputs));
    assert.deepEqual(fetched(registry, layers), [...layers].sort());
    registry.requests.length = 0;
    assertSucceeded(await runBuild(fixture, outputs));
    assert.deepEqual(fetched(registry, layers), []);
  });
});

interface Scene {
  /** Its run image is in the registry. */
  readonly fixture: BuildFixture;
  readonly registry: TestRegistry;
  /** Digests of the run image's layers. */
  readonly layers: readonly string[];
}

async function scene(t: TestContext): Promise<Scene> {
  const made = await buildFixture(t);
  const registry = await startRegistry(t);
  const run = `${registry.name}/base/run:1`;
  assertSucceeded(await slipway(['image', 'copy', 'oci:run', run], runOptions(made)));
  const manifest = parseObject((await slipway(['image', 'manifest', run], runOptions(made))).stdout);
  assert.ok(Array.isArray(manifest['layers']) && manifest['layers'].length > 0);
  const layers = manifest['layers'].map((layer: unknown) => String(parseObject(JSON.stringify(layer))['digest']));
  registry.requests.length = 0;
  return { fixture: { ...made, args: made.args.map((word) => (word === 'oci:run' ? run : word)) }, registry, layers };
}

/** Which of the blobs were downloaded, as often as they were. */
function fetched(registry: TestRegistry, digests: readonly string[]): readonly string[] {
  return registry.requests
    .filter(({ method }) => method === 'GET')
    .flatMap(({ path }) => digests.filter((digest) => path.includes(digest)))
    .sort();
}
