import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import {
  assertFailure,
  assertSucceeded,
  creatorArgs,
  giveFixtureTo,
  leftovers,
  runBuild,
  runCreator,
  runOptions,
} from '../support/build-runs.ts';
import { layerFiles } from '../support/layout-layers.ts';
import { finished, lifecycle, slipway, startLifecycle, type ProgramResult } from '../support/program.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** The two front ends over the same fixture, each into `oci:out`. */
const FRONT_ENDS: readonly {
  readonly name: string;
  readonly run: (fixture: BuildFixture, args?: readonly string[]) => Promise<ProgramResult>;
}[] = [
  { name: 'slipway build', run: (fixture, args = []) => runBuild(fixture, ['--output', 'oci:out', ...args]) },
  { name: 'creator', run: (fixture, args = []) => runCreator(fixture, [...args, 'oci:out']) },
];

for (const { name, run } of FRONT_ENDS) {
  describe(`${name}: bad files and buildpacks`, () => {
    it('order.toml with a syntax error: exit 1, with file, line and column', async (t) => {
      const fixture = await buildFixture(t);
      writeFileSync(fixture.order, '[[order]]\n[[order.group]]\nid = "test/hello\n');
      const result = await run(fixture);
      assertFailure(result, { code: 1, says: [/order\.toml:3:\d+: unterminated string/, 'id = "test/hello'] });
      nothingWritten(fixture);
    });

    it('order.toml that is not there, or names no group: exit 1 and its name', async (t) => {
      const fixture = await buildFixture(t);
      writeFileSync(fixture.order, 'order = 3\n');
      assertFailure(await run(fixture), { code: 1, says: ['order.toml'] });
      rmSync(fixture.order);
      const missing = await run(fixture);
      assertFailure(missing, { code: missing.code === 3 ? 3 : 1, says: ['order.toml'] });
      nothingWritten(fixture);
    });

    it('a buildpack that is not there: exit 1, its name and where it belongs', async (t) => {
      const fixture = await buildFixture(t);
      rmSync(join(fixture.buildpacks, 'test_hello'), { recursive: true });
      assertFailure(await run(fixture), { code: 1, says: ['test_hello/1.0.0'] });
      nothingWritten(fixture);
    });

    it('a buildpack.toml with a syntax error: its file, line and column', async (t) => {
      const fixture = await buildFixture(t);
      const file = join(fixture.buildpacks, 'test_hello/1.0.0/buildpack.toml');
      writeFileSync(file, 'api = "0.12"\n[buildpack]\nid = test\n');
      const result = await run(fixture);
      assert.ok(result.code !== 0 && result.code !== null);
      assertFailure(result, { code: result.code, says: [/buildpack\.toml:3:\d+/] });
      nothingWritten(fixture);
    });

    it('a buildpack that fails in detect: exit 21, its name, its own code and last words', async (t) => {
      const fixture = await withBuildpack(t, { id: 'test/err', detect: 'echo broke >&2; exit 3', build: ':' });
      assertFailure(await run(fixture), { code: 21, says: ['test/err', /error 3.*broke/] });
      nothingWritten(fixture);
    });

    it('a buildpack that does not apply: exit 20 and its name', async (t) => {
      const fixture = await withBuildpack(t, { id: 'test/no', detect: 'exit 100', build: ':' });
      assertFailure(await run(fixture), { code: 20, says: ['test/no'] });
      nothingWritten(fixture);
    });

    it('a buildpack that fails in build: exit 51, its name, its own code and last words', async (t) => {
      const fixture = await withBuildpack(t, { id: 'test/err', build: 'echo broke >&2; exit 7' });
      const result = await run(fixture);
      assertFailure(result, { code: 51, says: ['buildpack test/err@1.0.0 failed: exit status 7', /last line +broke/] });
      nothingWritten(fixture);
    });

    it('a buildpack that is killed: exit 51 and the signal', async (t) => {
      const fixture = await withBuildpack(t, { id: 'test/err', build: 'kill -9 $$' });
      assertFailure(await run(fixture), { code: 51, says: ['test/err@1.0.0', 'SIGKILL'] });
      nothingWritten(fixture);
    });

    it('a buildpack whose launch.toml is nonsense: its file, line and column', async (t) => {
      const fixture = await withBuildpack(t, { id: 'test/err', build: 'echo "[[processes" >"$1/launch.toml"' });
      const result = await run(fixture);
      assert.ok(result.code !== 0 && result.code !== null);
      assertFailure(result, { code: result.code, says: [/launch\.toml:1:\d+/] });
      nothingWritten(fixture);
    });

    it('an output directory that is a file stays that file', async (t) => {
      const fixture = await buildFixture(t);
      writeFileSync(join(fixture.directory, 'out'), 'a file');
      assertFailure(await run(fixture), { code: 32, says: ['cannot write the layout out: it is a file'] });
      assert.deepEqual(begunBy(fixture), ['out']);
    });

    it('sockets and pipes are left out with a warning where they cannot be in a layer; names of any bytes are kept', async (t) => {
      const fixture = await buildFixture(t);
      execFileSync('mkfifo', [join(fixture.app, 'pipe')]);
      const server = createServer().listen(join(fixture.app, 'socket'));
      t.after(() => server.close());
      const names = [Buffer.from('new\nline'), Buffer.from([0x62, 0xff, 0xfe]), Buffer.from("quo'te\\ back")];
      for (const each of names) writeFileSync(Buffer.concat([Buffer.from(`${fixture.app}/`), each]), 'x');
      const result = await run(fixture);
      assertSucceeded(result);
      assert.match(result.stdout + result.stderr, /[Ww]arning: .*socket/);
      const files = await layerFiles(join(fixture.directory, 'out'));
      for (const each of names)
        assert.ok(
          files.some((file) => file.endsWith(`/${each.toString('latin1')}`)),
          each.toString(),
        );
      assert.ok(!files.some((file) => file.endsWith('/socket')));
      assertSucceeded(await slipway(['validate', 'oci:out'], runOptions(fixture)));
    });
  });
}

describe('bad flags and values', () => {
  it('an unknown flag exits 2 with its name', async () => {
    assertFailure(await slipway(['build', 'x', '--nope']), { code: 2, error: 'FLAG_UNKNOWN', says: ['--nope'] });
    for (const program of ['analyzer', 'detector', 'restorer', 'builder', 'exporter', 'creator'])
      assertFailure(await lifecycle(program, ['-nope']), { code: 2, says: ['flag provided but not defined: -nope'] });
  });

  it('a bad value exits 3 and names flag and value', async (t) => {
    const fixture = await buildFixture(t);
    for (const [args, says] of [
      [['--platform', 'plan9'], '"plan9"'],
      [['--output', 'oci:other;compression=lzw'], 'lzw'],
      [['--uid', 'me'], 'me'],
      [['--previous-image', 'Not A Name'], 'Not A Name'],
    ] as const) {
      const result = await slipway([...fixture.args, '--output', 'oci:out', ...args], runOptions(fixture));
      assertFailure(result, { code: 3, says: [says] });
      assert.equal(result.stdout, '');
    }
    assertFailure(await runCreator(fixture, ['-launcher', 'sideways', 'oci:out']), { code: 3, says: ['sideways'] });
    assertFailure(await runCreator(fixture, ['-target', 'plan9', 'oci:out']), { code: 3, says: ['plan9'] });
    assertFailure(await runCreator(fixture, ['Not A Name']), { code: 3, says: ['Not A Name'] });
    nothingWritten(fixture);
  });

  it('a build without an output exits 3 and prints the three commands', async (t) => {
    const fixture = await buildFixture(t);
    const result = await slipway(fixture.args, runOptions(fixture));
    assertFailure(result, { code: 3, says: ['--output docker-archive:shop.tar', '--output oci:shop', '--publish'] });
    nothingWritten(fixture);
  });

  it('a platform that is not offered exits 32 and says what is', async (t) => {
    const fixture = await buildFixture(t, { arch: 'arm64' });
    const asked = await runBuild(fixture, ['--output', 'oci:out', '--platform', 'linux/s390x']);
    assertFailure(asked, { code: 32, says: ['linux/s390x', 'linux/arm64'] });
    const created = await runCreator(fixture, ['-target', 'linux/s390x', 'oci:out']);
    assertFailure(created, { code: 32, says: ['linux/s390x', 'linux/arm64'] });
    nothingWritten(fixture);
  });

  it('an app that is not there exits 3; one that is a file, too', async (t) => {
    const fixture = await buildFixture(t);
    rmSync(fixture.app, { recursive: true });
    assertFailure(await runBuild(fixture, ['--output', 'oci:out']), {
      code: 3,
      error: 'FILE_NOT_FOUND',
      says: ['app'],
    });
    writeFileSync(fixture.app, 'a file');
    assertFailure(await runBuild(fixture, ['--output', 'oci:out']), { code: 3, says: ['app'] });
    nothingWritten(fixture);
  });
});

describe('an app that cannot be packed', () => {
  it('an unreadable file stops the build with its name, and leaves nothing', async (t) => {
    const fixture = await buildFixture(t);
    writeFileSync(join(fixture.app, 'secret.key'), 'x');
    chmodSync(join(fixture.app, 'secret.key'), 0);
    const user = giveFixtureTo(fixture, 65534);
    const built = await runBuild(fixture, ['--output', 'oci:out'], { user });
    assert.ok(built.code !== 0 && built.code !== null);
    assertFailure(built, { code: built.code, error: 'FILE_NOT_READABLE', says: ['secret.key', /permission denied/i] });
    nothingWritten(fixture);
    const args = creatorArgs(fixture, ['oci:out'], user);
    const created = await lifecycle('creator', args, runOptions(fixture, { user }));
    assertFailure(created, { code: 62, says: ['secret.key', /permission denied/i] });
    assert.equal(existsSync(join(fixture.directory, 'out/index.json')), false);
    assert.deepEqual(readdirSync(join(fixture.directory, 'tmp')), []);
  });

  it('a file that grows while it is packed stops the export with both sizes', async (t) => {
    const fixture = await buildFixture(t);
    const file = join(fixture.app, 'growing.log');
    writeFileSync(file, Buffer.alloc(24 << 20, 'x'));
    const child = startLifecycle('creator', creatorArgs(fixture, ['oci:out']), runOptions(fixture));
    const writer = setInterval(() => appendFileSync(file, 'more\n'), 1);
    t.after(() => clearInterval(writer));
    const result = await finished(child);
    clearInterval(writer);
    assertFailure(result, { code: 62, says: [/growing\.log changed while it was packed: .*\d+ .*\d+ bytes/] });
    assert.equal(existsSync(join(fixture.directory, 'out/index.json')), false);
  });
});

function withBuildpack(t: Parameters<typeof buildFixture>[0], buildpack: SampleBuildpack): Promise<BuildFixture> {
  return buildFixture(t, { buildpacks: [buildpack] });
}

/** Neither an output nor a temporary file: only what the front ends' users made themselves. */
function nothingWritten(fixture: BuildFixture): void {
  assert.deepEqual(begunBy(fixture), []);
}

function begunBy(fixture: BuildFixture): readonly string[] {
  const made = ['layers', 'platform'];
  return leftovers(fixture).filter((name) => !made.includes(name));
}
