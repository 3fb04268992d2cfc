import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { copyImage } from '../../src/store/copy.ts';
import { openArchiveSink } from '../../src/store/archive/archive-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import {
  assertFailure,
  assertSucceeded,
  buildArgs,
  creatorArgs,
  manifestDigest,
  parseObject,
  runBuild,
  runOptions,
} from '../support/build-runs.ts';
import { testContext } from '../support/context.ts';
import { findTool, requirePeer } from '../support/peers.ts';
import { lifecycle, peer, type ProgramResult } from '../support/program.ts';
import { shell } from '../support/shell.ts';

/** `slipway build … "$@"` is the arguments of a build of the fixture; without the run image where a test brings its own. */
function inShell(fixture: BuildFixture, line: string, args: readonly string[]): Promise<ProgramResult> {
  return shell(line, args, runOptions(fixture));
}

function read(fixture: BuildFixture, name: string): Buffer {
  return readFileSync(join(fixture.directory, name));
}

function temporaryFiles(fixture: BuildFixture): readonly string[] {
  // The work tree's directory stays when root builds.
  return readdirSync(join(fixture.directory, 'tmp')).filter((name) => name !== 'slipway-work');
}

/** The fixture's run image as `run.tar`. */
async function saveRunImage(t: TestContext, fixture: BuildFixture): Promise<void> {
  const ctx = testContext(t);
  const options = { format: 'docker', names: ['docker.io/acme/run:1'], refName: '1' } as const;
  await using sink = await openArchiveSink(join(fixture.directory, 'run.tar'), ctx, options);
  await copyImage({ source: openLayout(join(fixture.directory, 'run')), name: undefined }, sink, ctx);
  await sink.commit(ctx);
}

/** The arguments of a build whose run image is standard input. */
function withPipedRunImage(args: readonly string[]): readonly string[] {
  return args.map((word) => (word === 'oci:run' ? 'docker-archive:-' : word));
}

describe('an archive on standard output', () => {
  it('is the file’s bytes and nothing else, whatever is shown', async (t) => {
    const fixture = await buildFixture(t);
    assertSucceeded(await runBuild(fixture, ['--output', 'docker-archive:shop.tar']));
    const expected = read(fixture, 'shop.tar');
    for (const display of [[], ['--json'], ['--quiet'], ['--verbose', '--progress', 'plain']]) {
      const args = buildArgs(fixture, ['--output', 'docker-archive:-', ...display]);
      const piped = await inShell(fixture, 'slipway "$@" | cat > piped.tar', args);
      assertSucceeded(piped);
      assert.ok(read(fixture, 'piped.tar').equals(expected), display.join(' '));
      assert.notEqual(piped.stderr, '');
      if (display[0] === '--json')
        assert.equal(parseObject(piped.stderr.trim().split('\n').at(-1) ?? '')['type'], 'build.end');
      if (display[0] === '--quiet')
        assert.equal(piped.stderr, `${await manifestDigest(fixture, 'docker-archive:shop.tar')}\n`);
      if (display.length === 0) {
        assert.match(piped.stderr, /^image {3}shop /m);
        assert.doesNotMatch(piped.stderr, /^next/m);
      }
    }
    assertSucceeded(
      await inShell(fixture, 'slipway "$@" > piped.tar', buildArgs(fixture, ['--output', 'docker-archive:-'])),
    );
    assert.ok(read(fixture, 'piped.tar').equals(expected), 'redirected');
    assert.deepEqual(temporaryFiles(fixture), []);
  });

  it('goes through a pipe into validate, inspect and skopeo', async (t) => {
    const fixture = await buildFixture(t);
    const args = buildArgs(fixture, ['--output', 'docker-archive:-:acme/shop:2']);
    const validated = await inShell(fixture, 'slipway "$@" | slipway validate docker-archive:-', args);
    assertSucceeded(validated);
    assert.equal(validated.stdout, 'docker-archive:-: everything is there and right\n');
    const inspected = await inShell(fixture, 'slipway "$@" | tee shop.tar | slipway inspect oci-archive:-', args);
    assertSucceeded(inspected);
    assert.equal(
      parseObject(inspected.stdout)['manifest'],
      await manifestDigest(fixture, 'docker-archive:shop.tar:acme/shop:2'),
    );
    const skopeo = requirePeer(t, 'skopeo');
    if (skopeo === undefined) return;
    const seen = parseObject(peer(skopeo, ['inspect', 'docker-archive:shop.tar'], { cwd: fixture.directory }));
    assert.equal(seen['Os'], 'linux');
    assert.match(read(fixture, 'shop.tar').toString('latin1'), /"RepoTags":\["docker.io\/acme\/shop:2"\]/);
  });

  it('is written beside other outputs, with their digest', async (t) => {
    const fixture = await buildFixture(t);
    const args = buildArgs(fixture, ['--output', 'oci-archive:-', '--output', 'oci:out']);
    assertSucceeded(await inShell(fixture, 'slipway "$@" > shop.tar', args));
    assert.equal(await manifestDigest(fixture, 'oci-archive:shop.tar'), await manifestDigest(fixture, 'oci:out'));
  });

  it('has no byte of a build that fails', async (t) => {
    const fixture = await buildFixture(t);
    const args = buildArgs(fixture, ['--output', 'docker-archive:-']).map((word) =>
      word === 'oci:run' ? 'oci:none' : word,
    );
    const result = await inShell(fixture, 'status code slipway "$@" | slipway validate docker-archive:-', args);
    assertFailure(result, { code: 1, error: 'STORE_INVALID', says: ['standard input is empty', 'oci:none'] });
    assert.equal(read(fixture, 'code').toString(), '32\n');
  });

  it('whose reader goes away ends with 141; other outputs are written, nothing is left behind', async (t) => {
    const fixture = await buildFixture(t);
    const args = buildArgs(fixture, ['--output', 'docker-archive:-', '--output', 'oci:out']);
    const result = await inShell(fixture, 'status code slipway "$@" | true', args);
    assert.equal(read(fixture, 'code').toString(), '141\n', result.stderr);
    assert.match(result.stderr, /standard output was closed before the archive was written/);
    assert.ok((await manifestDigest(fixture, 'oci:out')).startsWith('sha256:'));
    assert.deepEqual(temporaryFiles(fixture), []);
  });

  it('that cannot be written is a failed output', { skip: !existsSync('/dev/full') }, async (t) => {
    const fixture = await buildFixture(t);
    const args = buildArgs(fixture, ['--output', 'docker-archive:-']);
    const result = await inShell(fixture, 'slipway "$@" > /dev/full', args);
    assertFailure(result, { code: 62, error: 'OUTPUT_FAILED', says: ['no space left to write standard output'] });
  });

  it('is one at most, and never a terminal’s', async (t) => {
    const fixture = await buildFixture(t);
    const two = buildArgs(fixture, ['--output', 'docker-archive:-', '--output', 'oci-archive:-:x']);
    const result = await inShell(fixture, 'slipway "$@"', two);
    assertFailure(result, { code: 3, error: 'ARGUMENT_INVALID', says: ['two outputs are standard output'] });
    assert.equal(result.stdout, '');
    const script = findTool('script');
    if (script === undefined) return;
    const line = `"${script}" -qec 'slipway() { "$NODE" "$SLIPWAY" "$@"; }; slipway build shop --path app --buildpacks bps --run-image oci:run --output docker-archive:-' /dev/null`;
    const shown = await inShell(fixture, line, []);
    assertFailure(shown, { code: 3, error: 'ARGUMENT_INVALID', says: ['is standard output, which is a terminal'] });
  });
});

describe('an archive on standard input', () => {
  it('is a run image like any other', async (t) => {
    const fixture = await buildFixture(t);
    await saveRunImage(t, fixture);
    assertSucceeded(await runBuild(fixture, ['--output', 'oci:expected']));
    const args = withPipedRunImage(buildArgs(fixture, ['--output', 'oci:out']));
    for (const line of ['cat run.tar | slipway "$@"', 'slipway "$@" < run.tar', 'gzip < run.tar | slipway "$@"']) {
      assertSucceeded(await inShell(fixture, line, args));
      assert.equal(await manifestDigest(fixture, 'oci:out'), await manifestDigest(fixture, 'oci:expected'), line);
    }
    assert.deepEqual(temporaryFiles(fixture), []);
  });

  it('and one on standard output are a filter', async (t) => {
    const fixture = await buildFixture(t);
    await saveRunImage(t, fixture);
    const args = withPipedRunImage(buildArgs(fixture, ['--output', 'docker-archive:-']));
    const result = await inShell(fixture, 'slipway "$@" < run.tar | slipway validate docker-archive:-', args);
    assertSucceeded(result);
  });

  it('is verified: a damaged blob, a cut tar and no tar are told', async (t) => {
    const fixture = await buildFixture(t);
    await saveRunImage(t, fixture);
    const size = read(fixture, 'run.tar').byteLength;
    const cut = `head -c ${String(size - 2000)} run.tar | slipway validate docker-archive:-`;
    const cases = [
      [cut, /standard input/],
      ['slipway validate docker-archive:- < app/index.html', /standard input/],
      ['slipway validate oci-archive:- < /dev/null', /standard input is empty/],
    ] as const;
    for (const [line, says] of cases) assertFailure(await inShell(fixture, line, []), { code: 1, says: [says] });
  });

  it('is one image at most', async (t) => {
    const fixture = await buildFixture(t);
    const args = withPipedRunImage(
      buildArgs(fixture, ['--previous-image', 'oci-archive:-:old', '--output', 'docker-archive:out.tar']),
    );
    const result = await inShell(fixture, 'slipway "$@" < /dev/null', args);
    assertFailure(result, { code: 3, error: 'ARGUMENT_INVALID', says: ['two inputs are standard input'] });
  });
});

describe('the programs of the lifecycle', () => {
  it('creator: the archive on standard output, every log line on the other', async (t) => {
    const fixture = await buildFixture(t);
    const args = creatorArgs(fixture, ['docker-archive:-:acme/shop:2']);
    const line = 'lifecycle creator "$@" | tee shop.tar | slipway validate docker-archive:-';
    const result = await inShell(fixture, line, args);
    assertSucceeded(result);
    assert.match(result.stderr, /===> ANALYZING[^]*===> EXPORTING/);
    assert.doesNotMatch(result.stdout, /===>/);
    const plain = await lifecycle('creator', creatorArgs(fixture, ['oci:out']), runOptions(fixture));
    assertSucceeded(plain);
    assert.equal(await manifestDigest(fixture, 'oci-archive:shop.tar'), await manifestDigest(fixture, 'oci:out'));
    assert.match(plain.stdout, /===> EXPORTING/);
  });

  it('analyzer: no previous image is looked for on standard input, a run image is', async (t) => {
    const fixture = await buildFixture(t);
    await saveRunImage(t, fixture);
    const owner = ['-uid', String(process.getuid?.() ?? 0), '-gid', String(process.getgid?.() ?? 0)];
    const args = ['-layers', 'layers', ...owner, '-log-level', 'debug', '-run-image'];
    const line = 'mkdir layers; lifecycle analyzer "$@" < run.tar';
    const result = await inShell(fixture, line, [...args, 'docker-archive:-', 'docker-archive:-']);
    assertSucceeded(result);
    assert.equal(result.stdout, '');
    assert.match(result.stderr, /Timer: Analyzer/);
    assert.match(
      readFileSync(join(fixture.directory, 'layers/analyzed.toml'), 'utf8'),
      /reference = "docker-archive:-@sha256:/,
    );
    const early = await shell('lifecycle analyzer "$@"', [...args, 'oci:run', 'docker-archive:-'], {
      ...runOptions(fixture),
      env: { CNB_PLATFORM_API: '0.1' },
    });
    assert.deepEqual([early.code, early.stdout], [11, '']);
  });
});
