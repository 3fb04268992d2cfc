import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AllowedDifferences } from '../support/differences.ts';
import { GoldenComparison } from '../support/golden-compare.ts';
import { layoutImage, layoutRunImage } from '../support/golden-layout.ts';
import { beginRecorded, fivePhases, skipRecorded } from '../support/golden-runs.ts';
import type { RecordedRoot, RunResult } from '../support/recorded-root.ts';

const compare = new GoldenComparison(new AllowedDifferences());
const NAME = 'registry.example/app/layout';
/** The phases of `layout`, whose image the cases without one are compared with. */
const PHASES = { order: 'order.toml', projectMetadata: true, layout: true } as const;

describe('golden runs of -layout that the Go lifecycle refuses', { skip: skipRecorded() }, () => {
  for (const [name, fixture] of [
    ['layout-flat-index', 'run-v1-flat'],
    ['layout-nested-index', 'run-v1'],
  ] as const) {
    it(`${name}: the platform’s manifest is found, and two tags go below -layout-dir (GAP-2, GAP-7)`, async (t) => {
      const { root, ctx } = await beginRecorded(t);
      root.app('app-v1.tar');
      layoutRunImage(root, fixture);
      fivePhases(root, { ...PHASES, image: NAME, names: [NAME, `${NAME}:two`] });
      exitsAllowed(name, await root.finish(), () => compare.allowed('layout-index-is-followed'));
      const image = await layoutImage(root, `${NAME}/latest`, ctx);
      compare.layoutImage(name, image);
      const second = await layoutImage(root, `${NAME}/two`, ctx);
      assert.equal(second.manifestDigest, image.manifestDigest);
      assert.equal(existsSync(join(root.directory, 'registry.example')), false, 'a tag in the working directory');
    });
  }

  it('layout-port-in-name: a path with a port is no image name (GAP-37)', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    root.app('app-v1.tar');
    const base = '127.0.0.1:5910/base/run';
    layoutRunImage(root, 'run-single', `${base}/v1`);
    const image = '127.0.0.1:5910/app/layout';
    fivePhases(root, { ...PHASES, image, runImage: `${base}:v1` });
    const name = 'layout-port-in-name';
    exitsAllowed(name, await root.finish(), () => compare.allowed('layout-path-is-no-reference'));
    compare.layoutImage(name, await layoutImage(root, `${image}/latest`, ctx), `${base}/v1`);
    compare.files(root, name);
  });
});

describe('golden: creator -layout twice', { skip: skipRecorded() }, () => {
  it('layout-creator-rebuild: the same image, of reused layers, and the same plan (GAP-5, GAP-28)', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    const name = 'layout-creator-rebuild';
    root.app('app-v1.tar');
    layoutRunImage(root, 'run-single');
    create(root);
    root.shell('cp "$ROOT/layers/plan.toml" "$ROOT/../plan.toml"; cp -r "$ROOT/layout" "$ROOT/../layout-1"');
    root.clearLayers();
    create(root);
    compare.exits(name, await root.finish());
    const image = await layoutImage(root, `${NAME}/latest`, ctx);
    compare.layoutImage(name, image);
    compare.files(root, name, { ignorePrevious: true });
    compare.cache(root, name);
    const first = await layoutImage(root, `../../layout-1/${NAME}/latest`, ctx);
    assert.equal(image.manifestDigest, first.manifestDigest);
    assert.equal(
      readFileSync(join(root.directory, 'layers/plan.toml'), 'utf8'),
      readFileSync(join(root.directory, '../plan.toml'), 'utf8'),
    );
  });
});

/** All programs end with 0 where a recorded one did not, which takes a row. */
function exitsAllowed(name: string, results: readonly RunResult[], allow: () => void): void {
  compare.check(name, 'exit code', () => {
    allow();
    for (const { exitCode, output } of results) assert.equal(exitCode, 0, output);
  });
}

function create(root: RecordedRoot): void {
  const owner = ['-log-level', 'debug', '-uid', '1000', '-gid', '1000', '-order', '/io/order.toml'];
  const files = ['-launcher', '/io/launcher-stub', '-project-metadata', '/io/project-metadata.toml'];
  const layout = ['-layout', '-layout-dir', '/layout', '-run-image', 'registry.example/base/run:v1'];
  const env = ['CNB_EXPERIMENTAL_MODE=quiet'];
  root.run({
    program: 'creator',
    user: 'root',
    env,
    args: [...owner, ...files, ...layout, '-cache-dir', '/cache', NAME],
  });
}
