import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import {
  assertSucceeded,
  buildArgs,
  creatorArgs,
  leftovers,
  manifestDigest,
  runBuild,
  runOptions,
} from '../support/build-runs.ts';
import { finished, slipway, startLifecycle, startSlipway } from '../support/program.ts';
import { writeApp, type SampleBuildpack } from '../support/sample-buildpacks.ts';
import { bubblewrapOrSkip, processesWith } from '../support/sandbox.ts';

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

/** Says `ready` and sleeps, in a child of its own too; `mark` is how its processes are found. */
function sleeper(mark: string): SampleBuildpack {
  return { id: 'test/slow', build: `sleep ${mark} & echo ready; sleep ${mark}` };
}

function newMark(): string {
  return `600.${String(process.pid)}${String(randomBytes(3).readUIntBE(0, 3))}`;
}

for (const sandbox of ['host', 'bubblewrap']) {
  describe(`a signal during a build under ${sandbox}`, () => {
    for (const [signal, code] of SIGNALS) {
      it(`${signal} ends it with ${String(code)}; nothing of it is left, and what was there stays`, async (t) => {
        if (sandbox === 'bubblewrap' && (await bubblewrapOrSkip(t)) === undefined) return;
        const mark = newMark();
        const fixture = await buildFixture(t, { buildpacks: [sleeper(mark)] });
        const outputs = ['--output', 'oci:out', '--output', 'docker-archive:out.tar', '--cache-dir', 'cache'];
        writeFileSync(join(fixture.directory, 'out.tar'), 'what was there');
        const args = buildArgs(fixture, [...outputs, '--sandbox', sandbox]);
        const child = startSlipway(args, runOptions(fixture));
        const ended = finished(child);
        await says(child, 'ready');
        while (processesWith(mark).length < 2) await delay(5);
        child.kill(signal);
        const result = await ended;
        assert.equal(result.code, code, result.stderr);
        assert.match(result.stderr, new RegExp(`error: stopped by ${signal} {3}\\[INTERRUPTED\\]`));
        assert.doesNotMatch(result.stderr, /BUILDPACK_FAILED|\n\s+at /);
        assert.deepEqual(processesWith(mark), [], 'processes');
        assert.equal(readFileSync(join(fixture.directory, 'out.tar'), 'utf8'), 'what was there');
        assert.deepEqual(nothingButCache(fixture), ['out.tar']);
      });
    }
  });
}

describe('after a signal', () => {
  it('the same build runs at once: no lock is held', async (t) => {
    const mark = newMark();
    const fixture = await buildFixture(t, { buildpacks: [sleeper(mark)] });
    const args = ['--output', 'oci:out', '--cache-dir', 'cache', '--quiet'];
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const child = startSlipway(buildArgs(fixture, args.slice(0, -1)), runOptions(fixture));
      const ended = finished(child);
      await says(child, 'ready');
      child.kill(signal);
      await ended;
      // A build that was killed by SIGKILL cannot end its buildpacks in the host sandbox: the test does.
      for (const pid of processesWith(mark)) process.kill(Number(pid), 'SIGKILL');
    }
    const build = join(fixture.buildpacks, 'test_slow/1.0.0/bin/build');
    writeFileSync(build, '#!/bin/sh\nexit 0\n');
    const start = performance.now();
    assertSucceeded(await runBuild(fixture, args));
    assert.ok(performance.now() - start < 20_000, 'it did not wait for a lock to grow old');
    assert.deepEqual(nothingButCache(fixture), ['out'], 'temporary files of the one that was killed are gone too');
  });

  it('creator ends with its code, and its temporary files are gone', async (t) => {
    for (const [signal, code] of SIGNALS) {
      const mark = newMark();
      const fixture = await buildFixture(t, { buildpacks: [sleeper(mark)] });
      const args = creatorArgs(fixture, ['-cache-dir', 'cache', 'oci:out']);
      const child = startLifecycle('creator', args, runOptions(fixture));
      const ended = finished(child);
      await says(child, 'ready');
      child.kill(signal);
      const result = await ended;
      assert.equal(result.code, code, result.stdout + result.stderr);
      assert.match(result.stdout, new RegExp(`stopped by ${signal}`));
      assert.deepEqual(processesWith(mark), []);
      assert.equal(existsSync(join(fixture.directory, 'out/index.json')), false);
      assert.deepEqual(readdirSync(join(fixture.directory, 'tmp')), []);
    }
  });

  it('a reader of the output that goes away ends the build with 141, and its buildpacks too', async (t) => {
    const mark = newMark();
    const fixture = await buildFixture(t, {
      buildpacks: [{ id: 'test/slow', build: `sleep ${mark} & echo ready; sleep 0.5; echo more; sleep ${mark}` }],
    });
    const child = startSlipway(buildArgs(fixture, ['--output', 'oci:out', '--json']), runOptions(fixture));
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    await says(child, 'ready', 'stdout');
    child.stdout?.destroy();
    assert.equal(await ended, 141);
    assert.deepEqual(processesWith(mark), []);
    assert.deepEqual(nothingButCache(fixture), []);
  });
});

describe('kill -9 during export', () => {
  it('leaves every output as it was or as it shall be, and the next build works', async (t) => {
    const fixture = await buildFixture(t);
    const outputs = ['--output', 'oci:out', '--output', 'docker-archive:out.tar', '--cache-dir', 'cache'];
    let known = await built(fixture, outputs);
    for (const delayMs of [0, 15, 30, 60, 100, 150, 220, 300]) {
      writeFileSync(join(fixture.app, 'noise'), randomBytes(12 << 20));
      const child = startSlipway(buildArgs(fixture, [...outputs, '--json']), runOptions(fixture));
      const ended = finished(child);
      await says(child, '"type":"phase.start"[^\\n]*"export"', 'stdout');
      await delay(delayMs);
      child.kill('SIGKILL');
      const { code } = await ended;
      for (const location of ['oci:out', 'docker-archive:out.tar']) {
        const validated = await slipway(['validate', location], runOptions(fixture));
        assert.equal(
          validated.code,
          0,
          `${location} after ${String(delayMs)} ms: ${validated.stdout}${validated.stderr}`,
        );
        if (code === null && delayMs === 0) assert.equal(await manifestDigest(fixture, location), known);
      }
      known = await built(fixture, outputs);
      assert.equal(await manifestDigest(fixture, 'oci:out'), known);
      assert.equal(await manifestDigest(fixture, 'docker-archive:out.tar'), known);
    }
    assert.deepEqual(
      readdirSync(fixture.directory).filter((name) => name.startsWith('.') || name.includes('.tmp')),
      [],
      'the next build removes what the killed one left beside the archive',
    );
    const blobs = readdirSync(join(fixture.directory, 'out/blobs/sha256'));
    assert.deepEqual(
      blobs.filter((name) => !/^[0-9a-f]{64}$/.test(name)),
      [],
      'and in the layout',
    );
  });

  it('in a directory that was not there leaves no layout, or a valid one', async (t) => {
    for (const delayMs of [0, 40, 120]) {
      const fixture = await buildFixture(t);
      writeFileSync(join(fixture.app, 'noise'), randomBytes(12 << 20));
      const child = startSlipway(buildArgs(fixture, ['--output', 'oci:out', '--json']), runOptions(fixture));
      const ended = finished(child);
      await says(child, '"type":"phase.start"[^\\n]*"export"', 'stdout');
      await delay(delayMs);
      child.kill('SIGKILL');
      await ended;
      if (existsSync(join(fixture.directory, 'out/index.json')))
        assertSucceeded(await slipway(['validate', 'oci:out'], runOptions(fixture)));
      writeApp(fixture.app, { noise: 'less' });
      await built(fixture, ['--output', 'oci:out']);
      assertSucceeded(await slipway(['validate', 'oci:out'], runOptions(fixture)));
    }
  });
});

async function built(fixture: BuildFixture, outputs: readonly string[]): Promise<string> {
  const result = await runBuild(fixture, [...outputs, '--quiet']);
  assertSucceeded(result);
  return result.stdout.trim();
}

/** Waits until a started program has printed a match. Fails when it ends before. */
async function says(child: ChildProcess, pattern: string, stream?: 'stdout' | 'stderr'): Promise<void> {
  const streams = stream === undefined ? [child.stdout, child.stderr] : [child[stream]];
  let seen = '';
  await new Promise<void>((done, fail) => {
    for (const each of streams) {
      each?.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        if (new RegExp(pattern).test(seen)) done();
      });
    }
    child.once('close', () => fail(new Error(`ended without ${pattern}: ${seen}`)));
  });
}

/** What a run left behind, but for the cache it was asked to keep and empty directories of its own. */
function nothingButCache(fixture: BuildFixture): readonly string[] {
  return leftovers(fixture).filter((name) => name !== 'cache' && !name.startsWith('home/.cache/slipway/builds/'));
}
