import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import {
  assertFailure,
  assertSucceeded,
  buildArgs,
  giveFixtureTo,
  leftovers,
  runBuild,
  runCreator,
  runOptions,
} from '../support/build-runs.ts';
import { finished, type ProgramResult, slipway, startSlipway } from '../support/program.ts';
import { canMountPrivately, inPrivateMounts, type MountStep } from '../support/private-mounts.ts';

/** A shell step that writes the names below a directory into the file `listing`. */
function listing(name: string): string {
  return `find ${name} | LC_ALL=C sort >listing`;
}

describe('a full disk', () => {
  for (const [output, place] of [
    ['oci:small/out', 'small/out'],
    ['docker-archive:small/out.tar', 'small/out.tar'],
    ['oci-archive:small/out.tar', 'small/out.tar'],
  ] as const) {
    it(`${output}: exit 62 with the place, the image from before stays, nothing temporary is left`, async (t) => {
      if (!canMountPrivately(t)) return;
      const fixture = await buildFixture(t);
      writeFileSync(join(fixture.directory, 'noise'), randomBytes(3 << 20));
      const build = buildArgs(fixture, ['--output', output]);
      const [first, full, valid] = mounted(fixture, [
        'mkdir small; mount -t tmpfs -o size=1m tmpfs small',
        build,
        `${listing('small')}; mv listing before; cp noise app/noise`,
        build,
        `${listing('small')}; mv listing after`,
        ['validate', output],
      ]);
      assert.ok(first !== undefined && full !== undefined && valid !== undefined);
      assertSucceeded(first);
      assertFailure(full, { code: 62, says: ['no space left', place] });
      assertSucceeded(valid);
      const list = (name: string): readonly string[] =>
        readFileSync(join(fixture.directory, name), 'utf8')
          .split('\n')
          .filter((line) => !/blobs\/sha256\/[0-9a-f]{64}$/.test(line));
      assert.deepEqual(list('after'), list('before'));
    });
  }

  it('where temporary files go: told, and nothing is left there', async (t) => {
    if (!canMountPrivately(t)) return;
    const fixture = await buildFixture(t);
    writeFileSync(join(fixture.app, 'noise'), randomBytes(3 << 20));
    const options = runOptions(fixture);
    const [full] = mounted(fixture, [
      'mount -t tmpfs -o size=1m,mode=1777 tmpfs tmp',
      buildArgs(fixture, ['--output', 'oci:out']),
      listing('tmp'),
    ]);
    assert.ok(full !== undefined && options.cwd !== undefined);
    assertFailure(full, { code: 1, error: 'DISK_FULL', says: ['no space left', 'noise'] });
    assert.deepEqual(readFileSync(join(options.cwd, 'listing'), 'utf8').trim().split('\n'), [
      'tmp',
      'tmp/slipway-work',
    ]);
    assert.equal(existsSync(join(options.cwd, 'out')), false);
  });

  it('under the cache: the image is made, and the cache that failed is told', async (t) => {
    if (!canMountPrivately(t)) return;
    const fixture = await buildFixture(t, {
      buildpacks: [
        {
          id: 'test/big',
          build: `mkdir "$1/big"; head -c 3000000 /dev/urandom >"$1/big/data"; printf '[types]\\ncache = true\\n' >"$1/big.toml"`,
        },
      ],
    });
    const [full, valid] = mounted(fixture, [
      'mkdir small; mount -t tmpfs -o size=1m tmpfs small',
      buildArgs(fixture, ['--output', 'oci:out', '--cache-dir', 'small/cache']),
      ['validate', 'oci:out'],
    ]);
    assert.ok(full !== undefined && valid !== undefined);
    assertSucceeded(full);
    assert.match(full.stderr, /warning: Failed to cache layer 'test\/big:big': no space left to write .*small\/cache/);
    assertSucceeded(valid);
  });
});

describe('a place that may only be read', () => {
  it('as a mount: exit 32 before any buildpack runs, and what is there stays', async (t) => {
    if (!canMountPrivately(t)) return;
    const fixture = await buildFixture(t);
    for (const output of ['oci:ro/out', 'docker-archive:ro/out.tar']) {
      const [first, refused, valid] = mounted(fixture, [
        'mkdir -p ro',
        buildArgs(fixture, ['--output', output]),
        'mount --bind ro ro; mount -o remount,bind,ro ro; find ro | LC_ALL=C sort >before',
        buildArgs(fixture, ['--output', output]),
        'find ro | LC_ALL=C sort >after',
        ['validate', output],
      ]);
      assert.ok(first !== undefined && refused !== undefined && valid !== undefined);
      assertSucceeded(first);
      assertFailure(refused, { code: 32, says: ['cannot write', 'ro', /read-only/i] });
      assert.doesNotMatch(refused.stderr, /\ndetect/);
      assertSucceeded(valid);
      const read = (name: string): string => readFileSync(join(fixture.directory, name), 'utf8');
      assert.equal(read('after'), read('before'));
    }
  });

  it('by its mode, for an ordinary user: exit 32', async (t) => {
    const fixture = await buildFixture(t);
    mkdirSync(join(fixture.directory, 'ro'));
    const user = giveFixtureTo(fixture, 65534);
    chmodSync(join(fixture.directory, 'ro'), 0o555);
    const result = await runBuild(fixture, ['--output', 'oci:ro/out'], { user });
    assertFailure(result, { code: 32, error: 'WRITE_FAILED', says: ['cannot write', 'ro', 'permission denied'] });
    assert.doesNotMatch(result.stderr, /\ndetect/);
  });
});

describe('a bare environment', () => {
  for (const [what, env] of [
    ['without HOME', { HOME: '' }],
    ['in a locale that is not UTF-8', { LC_ALL: 'de_DE.ISO-8859-1', LANG: 'C' }],
    ['in the C locale', { LC_ALL: 'C' }],
  ] as const) {
    it(`${what} both front ends build`, async (t) => {
      const fixture = await buildFixture(t);
      writeFileSync(join(fixture.app, 'näme'), 'x');
      const built = await runBuild(fixture, ['--output', 'oci:out'], { env });
      assertSucceeded(built);
      const isUnicode = Buffer.from(built.stdout + built.stderr).some((byte) => byte > 127);
      if ('LC_ALL' in env) assert.equal(isUnicode, false, 'ASCII where the terminal cannot show more');
      assertSucceeded(await runCreator(fixture, ['oci:created'], { env }));
      for (const location of ['oci:out', 'oci:created'])
        assertSucceeded(await slipway(['validate', location], runOptions(fixture)));
    });
  }

  it('with a HOME that cannot be made creator builds, and slipway build does or says so', async (t) => {
    const fixture = await buildFixture(t);
    const env = { HOME: '/nonexistent/home' };
    const built = await runBuild(fixture, ['--output', 'oci:out'], { env });
    if (process.getuid?.() === 0) assertSucceeded(built);
    else assertFailure(built, { code: 1, error: 'WRITE_FAILED', says: ['/nonexistent/home'] });
    assertSucceeded(await runCreator(fixture, ['oci:created'], { env }));
  });

  it('with a TMPDIR that is not there both front ends say so', async (t) => {
    const fixture = await buildFixture(t);
    const env = { TMPDIR: '/nonexistent/tmp' };
    const says = ['/nonexistent/tmp'];
    assertFailure(await runBuild(fixture, ['--output', 'oci:out'], { env }), { code: 1, error: 'WRITE_FAILED', says });
    assertFailure(await runCreator(fixture, ['oci:out'], { env }), { code: 1, says });
  });

  it('with a TMPDIR that only root may write to, creator ends with its own code', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: [{ id: 'test/err', build: 'exit 7' }] });
    const tmp = join(fixture.directory, 'private');
    mkdirSync(tmp, { mode: 0o755 });
    const result = await runCreator(fixture, ['oci:out'], { env: { TMPDIR: tmp } });
    assertFailure(result, { code: 51, says: ['test/err@1.0.0', 'exit status 7'] });
  });
});

describe('standard output that is closed', () => {
  it('ends a build with 141 and leaves no temporary file', async (t) => {
    const fixture = await buildFixture(t);
    const child = startSlipway(buildArgs(fixture, ['--output', 'oci:out', '--json']), runOptions(fixture));
    child.stdout?.destroy();
    const { code, stderr } = await finished(child);
    assert.equal(code, 141, stderr);
    assert.deepEqual(
      leftovers(fixture).filter((name) => name !== 'out'),
      [],
    );
  });
});

function mounted(fixture: BuildFixture, steps: readonly MountStep[]): readonly ProgramResult[] {
  return inPrivateMounts(join(fixture.directory, 'scratch'), steps, runOptions(fixture));
}
