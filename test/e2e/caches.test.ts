import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { putBase } from '../support/base-images.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { finished, lifecycle, slipway, startSlipway, type ProgramResult } from '../support/program.ts';
import { writeApp, writeBuildpacks, type SampleBuildpack } from '../support/sample-buildpacks.ts';

/** Each build waits in its buildpack until as many builds as $PARTIES are there: proof that they overlap. */
const BARRIER: SampleBuildpack = {
  id: 'test/barrier',
  build: `if [ -n "\${BARRIER:-}" ]; then
  : >"$BARRIER/$WHO"
  n=0; while [ "$(ls "$BARRIER" | wc -l)" -lt "$PARTIES" ]; do n=$((n+1)); [ $n -lt 600 ] || { echo "nobody came"; exit 9; }; sleep 0.05; done
fi
for kind in launch cache both; do mkdir -p "$1/$kind"; done
seq 1 40000 | sed "s/^/$WHO /" >"$1/launch/data"; seq 1 30000 >"$1/cache/data"; seq 1 20000 >"$1/both/data"
printf '[types]\\nlaunch = true\\n' >"$1/launch.layer.toml"; mv "$1/launch.layer.toml" "$1/launch-only.toml"; mv "$1/launch" "$1/launch-only"
printf '[types]\\ncache = true\\n' >"$1/cache.toml"
printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/both.toml"`,
};

interface Scene {
  readonly directory: string;
  readonly cache: string;
  readonly runImage: string;
  readonly app: string;
  readonly buildpacks: string;
  readonly order: string;
}

async function scene(t: TestContext, buildpack: SampleBuildpack): Promise<Scene> {
  const ctx = testContext(t);
  const directory = temporaryDirectory(t);
  await using sink = await openLayoutSink(join(directory, 'base'), 'run', ctx);
  sink.tag(
    undefined,
    await putBase(sink, { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' }, ctx),
  );
  await sink.commit(ctx);
  const app = writeApp(join(directory, 'app'), { 'note.txt': 'an app\n' });
  writeApp(directory, { launcher: '#!/bin/sh\nexec "$@"\n' });
  return {
    directory,
    cache: join(directory, 'not-there-yet/cache'),
    runImage: `oci:${join(directory, 'base')}:run`,
    app,
    ...writeBuildpacks(join(directory, 'bp/buildpacks'), [buildpack]),
  };
}

function buildArgs(s: Scene, who: string, barrier?: string, parties = 2): readonly string[] {
  const gate = barrier === undefined ? [] : ['--env', `BARRIER=${barrier}`, '--env', `PARTIES=${String(parties)}`];
  return [
    ...[
      'build',
      `shop-${who}`,
      '--path',
      s.app,
      '--buildpacks',
      s.buildpacks,
      '--order',
      s.order,
      '--run-image',
      s.runImage,
      '--sandbox',
      'host',
    ],
    ...[
      '--launcher',
      join(s.directory, 'launcher'),
      '--cache-dir',
      s.cache,
      '--launch-cache',
      s.cache,
      '--output',
      `oci:${join(s.directory, `out-${who}`)}`,
      '--env',
      `WHO=${who}`,
      ...gate,
    ],
  ];
}

/** A folder that every user's buildpacks may write into. */
function gate(s: Scene, name: string): string {
  const barrier = join(s.directory, 'gates', name);
  mkdirSync(barrier, { recursive: true });
  if (process.getuid?.() === 0) chownSync(barrier, 1000, 1000);
  return barrier;
}

function succeeded(result: ProgramResult): void {
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.doesNotMatch(result.stdout + result.stderr, /cache.*(fail|ignored|not saved)/i);
}

/** Every blob of the cache has its digest, and every blob that the roots name is there. */
function checkCache(cache: string): number {
  const blobs = join(cache, 'blobs/sha256');
  for (const name of readdirSync(blobs).filter((entry) => /^[0-9a-f]{64}$/.test(entry))) {
    assert.equal(
      createHash('sha256')
        .update(readFileSync(join(blobs, name)))
        .digest('hex'),
      name,
      'a blob is what its name says',
    );
  }
  const roots = readdirSync(join(cache, 'roots')).filter((name) => name.endsWith('.json'));
  for (const root of roots) {
    for (const [, hex] of readFileSync(join(cache, 'roots', root), 'utf8').matchAll(
      /"digest":\s*"sha256:([0-9a-f]{64})"/g,
    )) {
      assert.equal(existsSync(join(blobs, hex ?? '')), true, `blob ${hex ?? ''} of ${root}`);
    }
  }
  return roots.length;
}

describe('one folder as build cache and launch cache', () => {
  it('a folder that does not exist yet works twice in a row, and the second build restores from it (GAP-4, GAP-3, GAP-38)', async (t) => {
    const s = await scene(t, BARRIER);
    succeeded(await slipway(buildArgs(s, 'a'), { env: { HOME: s.directory } }));
    assert.equal(checkCache(s.cache), 1);
    const second = await slipway([...buildArgs(s, 'a'), '--verbose'], { env: { HOME: s.directory } });
    succeeded(second);
    assert.match(second.stdout + second.stderr, /Restoring data for "test\/barrier:cache" from cache/);
    checkCache(s.cache);
  });

  it('two builds at once, 20 rounds: both succeed and the cache stays whole (GAP-4)', async (t) => {
    const s = await scene(t, BARRIER);
    for (let round = 0; round < 20; round += 1) {
      const barrier = gate(s, String(round));
      const results = await Promise.all(
        ['a', 'b'].map((who) => slipway(buildArgs(s, who, barrier), { env: { HOME: s.directory } })),
      );
      results.forEach(succeeded);
      assert.deepEqual(readdirSync(barrier).sort(), ['a', 'b'], 'the builds overlapped');
      checkCache(s.cache);
    }
  });

  it('one of two killed with -9 at different moments: the other’s cache is complete', async (t) => {
    const s = await scene(t, BARRIER);
    for (const delayMs of [0, 40, 90, 150, 230, 320]) {
      rmSync(s.cache, { recursive: true, force: true });
      const barrier = gate(s, `kill-${String(delayMs)}`);
      const victim = startSlipway(buildArgs(s, 'a', barrier), { env: { HOME: s.directory } });
      const victimEnd = finished(victim);
      const survivor = slipway(buildArgs(s, 'b', barrier), { env: { HOME: s.directory } });
      while (readdirSync(barrier).length < 2 && victim.exitCode === null)
        await new Promise((done) => setTimeout(done, 5));
      await new Promise((done) => setTimeout(done, delayMs));
      victim.kill('SIGKILL');
      succeeded(await survivor);
      await victimEnd;
      checkCache(s.cache);
      const again = await slipway([...buildArgs(s, 'b'), '--verbose'], { env: { HOME: s.directory } });
      succeeded(again);
      assert.match(again.stdout + again.stderr, /Restoring data for "test\/barrier:cache" from cache/);
    }
  });
});

/** Makes its launch layer once; later it says that the restored metadata is enough. */
const ONCE: SampleBuildpack = {
  id: 'test/once',
  build: `if [ -f "$1/tool.toml" ]; then echo "tool is kept"; else mkdir -p "$1/tool"; echo content >"$1/tool/file"; fi
printf '[types]\\nlaunch = true\\n[metadata]\\nmade = "once"\\n' >"$1/tool.toml"`,
};

describe('the launch cache', () => {
  it('gives a layer without contents after the previous image’s blobs are gone (E-49)', async (t) => {
    const s = await scene(t, ONCE);
    const layers = join(s.directory, 'layers');
    const image = `oci:${join(s.directory, 'out')}:shop`;
    const owner = process.getuid?.() === 0 ? ['-uid', '1000', '-gid', '1000'] : [];
    const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : undefined;
    const launcher = join(s.directory, 'launcher');
    const phases = async (deleteBlobs: boolean): Promise<string> => {
      rmSync(layers, { recursive: true, force: true });
      mkdirSync(layers);
      mkdirSync(join(s.directory, 'platform'), { recursive: true });
      if (user !== undefined) chownSync(layers, user.uid, user.gid);
      const run = async (program: string, args: readonly string[], asUser = false): Promise<string> => {
        const result = await lifecycle(program, ['-layers', layers, ...args], {
          env: { HOME: s.directory },
          ...(asUser && user !== undefined ? { user } : {}),
        });
        assert.equal(result.code, 0, `${program}: ${result.stdout}${result.stderr}`);
        return result.stdout;
      };
      const inputs = ['-app', s.app, '-buildpacks', s.buildpacks, '-platform', join(s.directory, 'platform')];
      await run('analyzer', [...owner, '-run-image', s.runImage, '-launch-cache', s.cache, image]);
      await run('detector', [...inputs, '-order', s.order], true);
      await run('restorer', [...owner, '-cache-dir', s.cache]);
      const built = await run('builder', inputs, true);
      if (deleteBlobs) deleteLayerBlobs(join(s.directory, 'out'));
      return (
        built +
        (await run('exporter', [
          ...owner,
          '-app',
          s.app,
          '-cache-dir',
          s.cache,
          '-launch-cache',
          s.cache,
          '-launcher',
          launcher,
          image,
        ]))
      );
    };
    if (user !== undefined) chownSync(s.directory, user.uid, user.gid);
    await phases(false);
    const output = await phases(true);
    assert.match(output, /tool is kept/);
    assert.match(output, /Reusing layer 'test\/once:tool'/);
    const validated = await slipway(['validate', image], { env: { HOME: s.directory } });
    assert.equal(validated.code, 0, validated.stdout + validated.stderr);
  });
});

/** Deletes every blob of a layout that is no JSON document. */
function deleteLayerBlobs(layout: string): void {
  const blobs = join(layout, 'blobs/sha256');
  const isJson = (name: string): boolean => readFileSync(join(blobs, name)).subarray(0, 1).toString() === '{';
  const layerBlobs = readdirSync(blobs).filter((name) => !isJson(name));
  assert.ok(layerBlobs.length > 0);
  for (const name of layerBlobs) rmSync(join(blobs, name));
}
