import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import { temporaryDirectory } from '../support/context.ts';
import { giveToOrdinaryUser, ORDINARY } from '../support/ordinary-user.ts';
import { finished, slipway, startSlipway, type ProgramResult } from '../support/program.ts';

describe('slipway: what it says before any work', () => {
  it('alone says what it is and what most people need', async () => {
    const result = await slipway([]);
    assert.equal(result.code, 0);
    assert.match(result.stdout, /^slipway builds OCI images[\s\S]*slipway build /);
  });

  it('--version is the version and nothing else', async () => {
    const result = await slipway(['--version']);
    assert.match(result.stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });

  it('help of a command has usage, groups, defaults and examples', async () => {
    const { code, stdout } = await slipway(['build', '--help']);
    assert.equal(code, 0);
    for (const text of ['usage: slipway build IMAGE', 'Output:', '[default auto]', 'Examples:'])
      assert.ok(stdout.includes(text));
    assert.equal((await slipway(['help', 'registry', 'serve'])).stdout.includes('--listen'), true);
  });

  it('an unknown command or option exits 2 and names the nearest one', async () => {
    await expectError(slipway(['biuld']), { code: 2, error: 'FLAG_UNKNOWN', text: 'did you mean slipway build?' });
    await expectError(slipway(['--nope']), { code: 2, error: 'FLAG_UNKNOWN', text: '--nope' });
    await expectError(slipway(['build', 'shop', '--buildpakcs', 'x']), {
      code: 2,
      error: 'FLAG_UNKNOWN',
      text: 'did you mean --buildpacks?',
    });
  });

  it('an option without its value exits 3 and names it as it was written', async () => {
    for (const flag of ['--path', '-p'])
      await expectError(slipway(['build', 'shop', flag]), {
        code: 3,
        error: 'ARGUMENT_INVALID',
        text: `${flag} needs a value`,
      });
    assert.match((await slipway(['build', '--help'])).stdout, /-p, --path /);
  });

  it('a bad value exits 3', async () => {
    const base = ['build', 'shop', '--buildpacks', 'b', '--run-image', 'oci:r', '--output', 'oci:o'];
    for (const [args, text] of [
      [['--sandbox', 'maybe'], 'choose one of auto, bubblewrap, unshare, crun, chroot, in-place, host'],
      [['--platform', 'linux'], '"linux" is not a platform'],
      [['--uid', 'me'], '--uid "me" is not a number'],
      [['--creation-time', 'tomorrow'], '"tomorrow" is not a time'],
      [['--path', 'a', '--path', 'b'], '--path was given 2 times'],
      [['--output', 'oci:o;zip=9'], 'there is no setting "zip"'],
      [['--output', 'docker-daemon:x'], 'docker-archive:FILE'],
      [['extra'], 'takes no argument "extra"'],
    ] as const)
      await expectError(slipway([...base, ...args]), { code: 3, text });
    await expectError(slipway(['build']), { code: 3, text: 'slipway build needs IMAGE' });
    await expectError(slipway(['build', 'shop', '--output', 'oci:o']), {
      code: 3,
      text: 'nothing says which buildpacks to use',
    });
  });

  it('a build without an output shows the three ways and does nothing', async (t) => {
    const fixture = await buildFixture(t);
    const result = await slipway(fixture.args, { cwd: fixture.directory });
    assert.equal(result.code, 3);
    assert.equal(result.stdout, '');
    for (const way of ['--output docker-archive:shop.tar', '--output oci:shop', '--publish'])
      assert.ok(result.stderr.includes(way));
    assert.deepEqual(readdirSync(fixture.directory).sort(), ['app', 'bps', 'home', 'order.toml', 'run']);
  });
});

describe('slipway build', () => {
  it('writes every output with one digest, and prints it alone with --quiet', async (t) => {
    const fixture = await buildFixture(t);
    const outputs = ['--output', 'oci:out', '--output', 'docker-archive:shop.tar'];
    const result = await build(fixture, [...outputs, '--quiet', '--report', 'report.toml']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^sha256:[0-9a-f]{64}\n$/);
    const report = readFileSync(join(fixture.directory, 'report.toml'), 'utf8');
    assert.equal(report.split(result.stdout.trim()).length - 1, 3);
    assert.ok(existsSync(join(fixture.directory, 'shop.tar')));
    for (const location of ['oci:out', 'docker-archive:shop.tar'])
      assert.equal((await slipway(['validate', location], { cwd: fixture.directory })).code, 0);
    const facts: unknown = JSON.parse((await slipway(['inspect', 'oci:out'], { cwd: fixture.directory })).stdout);
    assert.ok(typeof facts === 'object' && facts !== null && 'manifest' in facts);
    assert.equal(facts.manifest, result.stdout.trim());
  });

  it('leaves the checkout as it was, and one app has one digest from any checkout', async (t) => {
    const fixture = await buildFixture(t, {
      buildpacks: [{ id: 'test/writer', build: 'echo built >built.txt; rm -f index.html' }],
    });
    const first = await build(fixture, ['--output', 'oci:out', '--quiet', '--sandbox', 'bubblewrap']);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(readdirSync(fixture.app).sort(), ['index.html', 'sub']);
    const other = await buildFixture(t, {
      buildpacks: [{ id: 'test/writer', build: 'echo built >built.txt; rm -f index.html' }],
    });
    const second = await build(other, ['--output', 'oci:elsewhere', '--quiet', '--sandbox', 'bubblewrap']);
    assert.equal(second.stdout, first.stdout);
  });

  it('variables reach buildpacks by --env-file and --env, the later one wins', async (t) => {
    const fixture = await buildFixture(t, {
      buildpacks: [{ id: 'test/env', build: 'echo "[$PLAIN][$BOTH][$TAKEN][${SECRET:-none}]"' }],
    });
    writeFileSync(join(fixture.directory, 'vars'), '# a comment\nPLAIN=a=b\n\nBOTH=file\n');
    const args = ['--output', 'oci:out', '--env-file', 'vars', '--env', 'BOTH=flag', '--env', 'TAKEN'];
    const place = environment(fixture);
    const env = { ...place.env, TAKEN: 'from here', SECRET: 'not for buildpacks' };
    const result = await slipway([...fixture.args, '--sandbox', 'host', ...args], { ...place, env });
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /\[a=b\]\[flag\]\[from here\]\[none\]/);
  });

  it('a cache directory that is not there yet serves the second build', async (t) => {
    const fixture = await buildFixture(t);
    const args = ['--output', 'oci:out', '--cache-dir', 'new/cache', '--launch-cache', 'new/cache'];
    const first = await build(fixture, args);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /test\/hello:tool +\S+ \S+ +new/);
    const second = await build(fixture, args);
    assert.match(second.stderr, /test\/hello:tool +\S+ \S+ +reused/);
    assert.equal(/sha256:\S+/.exec(first.stdout)?.[0], /sha256:\S+/.exec(second.stdout)?.[0]);
  });

  it('--json is one event a line, and the error is the last', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: [{ id: 'test/broken', build: 'echo oh; exit 7' }] });
    const { code, stdout, stderr } = await build(fixture, ['--output', 'oci:out', '--json']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    assert.equal(code, 51);
    assert.equal(stderr, '');
    for (const event of events) assert.ok(typeof event === 'object' && event !== null && 'v' in event && event.v === 1);
    assert.match(JSON.stringify(events.at(-1)), /"type":"error".*"code":"BUILDPACK_FAILED".*"exitCode":51/);
    assert.ok(events.some((event) => JSON.stringify(event).includes('"line":"oh"')));
  });

  it('a buildpack that fails is named with its own code', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: [{ id: 'test/broken', build: 'echo oh >&2; exit 7' }] });
    const result = await build(fixture, ['--output', 'oci:out']);
    await expectError(result, { code: 51, error: 'BUILDPACK_FAILED', text: 'test/broken' });
    assert.match(result.stderr, /exit status 7/);
    assert.equal(existsSync(join(fixture.directory, 'out')), false);
  });

  it('an order.toml with a syntax error is told with file, line and column', async (t) => {
    const fixture = await buildFixture(t);
    writeFileSync(fixture.order, '[[order]]\n[[order.group]]\nid = "test/hello\n');
    const result = await build(fixture, ['--output', 'oci:out']);
    await expectError(result, { code: 1, error: 'FILE_INVALID', text: 'order.toml' });
    assert.match(result.stderr, /order\.toml:3:\d+|line 3/);
  });

  it('a buildpack that is not there is named', async (t) => {
    const fixture = await buildFixture(t);
    rmSync(join(fixture.buildpacks, 'test_hello'), { recursive: true });
    await expectError(build(fixture, ['--output', 'oci:out']), {
      code: 1,
      error: 'BUILDPACK_NOT_FOUND',
      text: 'bps has no buildpack test/hello@1.0.0',
    });
  });

  it('a buildpack API from another time exits 12', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: [{ id: 'test/new', api: '0.99', build: ':' }] });
    await expectError(build(fixture, ['--output', 'oci:out']), { code: 12, text: '0.99' });
  });

  it('no buildpack that fits exits 20, one that errs exits 21', async (t) => {
    const none = await buildFixture(t, { buildpacks: [{ id: 'test/no', detect: 'exit 100', build: ':' }] });
    await expectError(build(none, ['--output', 'oci:out']), { code: 20, error: 'DETECT_NONE_PASSED', text: 'test/no' });
    const errs = await buildFixture(t, { buildpacks: [{ id: 'test/err', detect: 'exit 3', build: ':' }] });
    await expectError(build(errs, ['--output', 'oci:out']), { code: 21, error: 'DETECT_FAILED', text: 'test/err' });
  });

  it('a run image without the platform says what is on offer and which flag helps', async (t) => {
    const fixture = await buildFixture(t, { arch: 'arm64' });
    const result = await build(fixture, ['--output', 'oci:out', '--platform', 'linux/amd64']);
    await expectError(result, { code: 32, text: 'linux/arm64' });
    assert.match(result.stderr, /--platform linux\/arm64|--run-image/);
  });

  it('a run image that is not there exits 32', async (t) => {
    const fixture = await buildFixture(t);
    rmSync(join(fixture.directory, 'run'), { recursive: true });
    await expectError(build(fixture, ['--output', 'oci:out']), {
      code: 32,
      error: 'RUN_IMAGE_UNUSABLE',
      text: 'oci:run',
    });
  });

  it('an output directory that is a file stops before any buildpack runs', async (t) => {
    const fixture = await buildFixture(t);
    writeFileSync(join(fixture.directory, 'out'), 'a file');
    const result = await build(fixture, ['--output', 'oci:out']);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /out/);
    assert.doesNotMatch(result.stderr, /\nbuild/);
    assert.equal(readFileSync(join(fixture.directory, 'out'), 'utf8'), 'a file');
  });

  it('an output that cannot be written stops before any buildpack runs', async (t) => {
    const fixture = await buildFixture(t);
    const closed = join(fixture.directory, 'closed');
    mkdirSync(closed, { mode: 0o555 });
    for (const path of ['.', 'home']) giveToOrdinaryUser(join(fixture.directory, path), 0o755);
    const user = process.getuid?.() === 0 ? { user: ORDINARY } : {};
    const result = await slipway([...fixture.args, '--output', 'oci:closed/out', '--sandbox', 'host'], {
      ...environment(fixture),
      ...user,
    });
    await expectError(result, { code: 32, text: 'closed' });
    assert.doesNotMatch(result.stderr, /\nbuild/);
  });

  it('an app that is not there exits 3', async (t) => {
    const fixture = await buildFixture(t);
    rmSync(fixture.app, { recursive: true });
    await expectError(build(fixture, ['--output', 'oci:out']), { code: 3, error: 'FILE_NOT_FOUND', text: 'app' });
  });

  it('Ctrl-C stops it with 130, SIGTERM with 143, and no process is left', async (t) => {
    for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
      const fixture = await buildFixture(t, { buildpacks: [{ id: 'test/slow', build: 'echo ready; sleep 60' }] });
      const child = startSlipway([...fixture.args, '--output', 'oci:out', '--sandbox', 'host'], environment(fixture));
      const ended = finished(child);
      await said(child, 'stderr', /ready/);
      child.kill(signal);
      const result = await ended;
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, /\[INTERRUPTED\]/);
      assert.equal(existsSync(join(fixture.directory, 'out/index.json')), false);
    }
  });

  it('a reader that goes away ends it with 141', async (t) => {
    const directory = temporaryDirectory(t);
    const child = startSlipway(['registry', 'serve', join(directory, 'images'), '--listen', '127.0.0.1:0'], {
      cwd: directory,
    });
    child.stdout?.destroy();
    const ended = finished(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const result = await ended;
    clearTimeout(timer);
    assert.equal(result.code, 141, result.stderr);
  });
});

describe('slipway registry serve', () => {
  it('prints its address, serves a directory, and stops with the signal', async (t) => {
    const fixture = await buildFixture(t);
    const child = startSlipway(['registry', 'serve', 'images', '--listen', '127.0.0.1:0'], { cwd: fixture.directory });
    const host = (await said(child, 'stdout', /http:\/\/(\S+)\n/))[1] ?? '';
    const ended = finished(child);
    const args = fixture.args.map((word) => (word === 'shop' ? `${host}/acme/shop:1` : word));
    const pushed = await slipway([...args, '--publish', '--quiet', '--sandbox', 'host'], environment(fixture));
    const read = await slipway(['inspect', `${host}/acme/shop:1`]);
    child.kill('SIGTERM');
    assert.equal(pushed.code, 0, pushed.stderr);
    assert.equal(read.stdout.includes(pushed.stdout.trim()), true);
    assert.equal((await ended).code, 143);
  });
});

/** Waits until a program has printed something; fails when it ends before. */
function said(child: ChildProcess, stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let seen = '';
    child[stream]?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      const match = pattern.exec(seen);
      if (match !== null) resolve(match);
    });
    child.once('close', () => reject(new Error(`it ended without saying ${String(pattern)}: ${seen}`)));
  });
}

function build(fixture: BuildFixture, args: readonly string[]): Promise<ProgramResult> {
  const sandbox = args.includes('--sandbox') ? [] : ['--sandbox', 'host'];
  return slipway([...fixture.args, ...sandbox, ...args], environment(fixture));
}

function environment(fixture: BuildFixture): { readonly cwd: string; readonly env: Readonly<Record<string, string>> } {
  const home = join(fixture.directory, 'home');
  return {
    cwd: fixture.directory,
    env: { HOME: home, XDG_CACHE_HOME: join(home, '.cache'), TMPDIR: fixture.directory },
  };
}

interface Expected {
  readonly code?: number;
  readonly error?: string;
  readonly text: string;
}

async function expectError(running: Promise<ProgramResult> | ProgramResult, expected: Expected): Promise<void> {
  const { code, stderr, stdout } = await running;
  assert.equal(stdout, '');
  if (expected.code !== undefined) assert.equal(code, expected.code, stderr);
  else assert.notEqual(code, 0);
  assert.ok(stderr.includes(expected.text), stderr);
  if (expected.error !== undefined) assert.ok(stderr.includes(`[${expected.error}]`), stderr);
  assert.doesNotMatch(stderr, /\n {4}at /);
}
