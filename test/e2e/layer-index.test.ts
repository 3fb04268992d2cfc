import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';
import { slipway } from '../support/program.ts';

const CREATOR = ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml', '-launcher', './launcher'];

/** Runs the creator at debug level; gives what the index said of the app layer, and the image's digest. */
async function created(bed: LifecycleBed, env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const image = `${bed.registry}/shop`;
  const runImage = `${bed.registry}/base/run:1`;
  const result = await bed.run(
    'creator',
    ['-log-level', 'debug', ...CREATOR, '-run-image', runImage, ...args, image],
    env,
  );
  assert.equal(result.code, 0, result.stdout + result.stderr);
  const said = /^Layer 'slice-1' is (?:read: )?(.*)$/m.exec(result.stdout)?.[1];
  return { said, digest: /^\*\*\* Digest: (.*)$/m.exec(result.stdout)?.[1] };
}

async function scene(t: TestContext): Promise<LifecycleBed> {
  const bed = await lifecycleBed(t);
  bed.write('order.toml', '[[order]]\n  [[order.group]]\n    id = "test/hello"\n    version = "1.0.0"\n');
  await putRunImage(bed);
  return bed;
}

describe('the index of layers', () => {
  it('of the programs is in the cache that is named, else in the user’s; a flag or a variable turns it off', async (t) => {
    const bed = await scene(t);
    const off = await created(bed, { SLIPWAY_NO_INDEX: 'true' });
    assert.equal(off.said, undefined);
    assert.equal((await created(bed, {}, '-no-index')).said, undefined);
    assert.equal(existsSync(join(bed.directory, '.cache')), false);
    const first = await created(bed, {});
    assert.equal(first.said, 'it was not seen before');
    assert.equal(first.digest, off.digest);
    assert.ok(readdirSync(join(bed.directory, '.cache/slipway/index/lifecycle')).length > 0);
    assert.equal((await created(bed, {}, '-cache-dir', 'cache')).said, 'it was not seen before');
    assert.ok(readdirSync(join(bed.directory, 'cache/index')).length > 0);
    const verified = await created(bed, { SLIPWAY_VERIFY_INDEX: '1' });
    assert.match(verified.said ?? '', /^(files had just been written|unchanged)/);
    assert.equal(verified.digest, off.digest);
    const { stdout } = await slipway(['cache', 'ls', '--json'], { env: { HOME: bed.directory } });
    assert.match(stdout, /"index"/);
  });
});
