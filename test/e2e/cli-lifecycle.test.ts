import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { PLATFORM_APIS } from '../../src/cnb/features.ts';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import { temporaryDirectory } from '../support/context.ts';
import { lifecycle, peer, type ProgramOptions, type ProgramResult } from '../support/program.ts';
import { shell } from '../support/shell.ts';

const isRoot = process.getuid?.() === 0;
/** detector and builder refuse root, so as root they run as somebody else. */
const USER = isRoot ? { user: { uid: 1000, gid: 1000 } } : {};
const PROGRAMS = ['analyzer', 'detector', 'restorer', 'extender', 'builder', 'exporter', 'creator', 'rebaser'];

describe('the lifecycle programs', () => {
  it('-version prints the version and nothing else (C-01, C-02)', async () => {
    for (const program of PROGRAMS) {
      const result = await lifecycle(program, ['-version']);
      assert.deepEqual([result.code, result.stderr], [0, ''], program);
      assert.match(result.stdout, /^\d+\.\d+\.\d+\S*\n$/);
    }
    const early = await lifecycle('lifecycle', ['-version'], { env: { CNB_PLATFORM_API: '' } });
    assert.match(early.stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });

  it('a Platform API that is missing, garbled or unknown exits 11 with the words of the contract (C-03, C-04, C-05, C-06)', async () => {
    const cases = [
      [
        '',
        "failed to get platform API version; please set 'CNB_PLATFORM_API' to specify the desired platform API version",
      ],
      [
        '  ',
        "failed to get platform API version; please set 'CNB_PLATFORM_API' to specify the desired platform API version",
      ],
      ['bad-api', "failed to parse platform API 'bad-api'"],
      ...['0.99', '2.2'].map((api) => [
        api,
        `failed to set platform API: platform API version '${api}' is incompatible with the lifecycle`,
      ]),
    ] as const;
    for (const [api = '', message = ''] of cases) {
      const result = await lifecycle('analyzer', ['-no-color', 'app'], {
        env: { CNB_PLATFORM_API: api, CNB_NO_COLOR: '1' },
      });
      assert.equal(result.code, 11);
      assert.ok(result.stdout.startsWith(`ERROR: ${message}\n`), result.stdout);
    }
    const unset = await shell('unset CNB_PLATFORM_API; lifecycle analyzer app', []);
    assert.equal(unset.code, 11);
    assert.match(unset.stdout, /please set 'CNB_PLATFORM_API'/);
  });

  it('every Platform API from 0.7 to 0.15 is taken (C-07)', async () => {
    assert.deepEqual(PLATFORM_APIS, ['0.7', '0.8', '0.9', '0.10', '0.11', '0.12', '0.13', '0.14', '0.15']);
    const runs = PLATFORM_APIS.map((api) => lifecycle('restorer', ['x'], plain({ CNB_PLATFORM_API: api })));
    for (const { code, stdout } of await Promise.all(runs))
      assert.deepEqual(
        [code, stdout.split('\n')[0]],
        [3, 'ERROR: failed to parse arguments: received unexpected Args'],
      );
  });

  it('an unknown flag exits 2 with the usage on stderr', async () => {
    const result = await lifecycle('analyzer', ['-nope', 'app']);
    assert.deepEqual([result.code, result.stdout], [2, '']);
    assert.match(
      result.stderr,
      /^flag provided but not defined: -nope\nUsage of lifecycle:\n {2}-analyzed string\n {4}\tpath to analyzed.toml/,
    );
    assert.equal((await lifecycle('detector', ['-layout'])).code, 2);
    assert.equal((await lifecycle('creator', ['-image', 'x', 'app'])).code, 2);
  });

  it('-h exits 0 with the usage on stderr', async () => {
    const result = await lifecycle('builder', ['-h']);
    assert.deepEqual([result.code, result.stdout], [0, '']);
    assert.match(result.stderr, /^Usage of lifecycle:/);
  });

  it('the name it is called by chooses the phase, through a link too', (t) => {
    const link = join(temporaryDirectory(t), 'exporter');
    symlinkSync(resolve('bin/lifecycle/analyzer'), link);
    assert.match(
      peer('sh', ['-c', `CNB_PLATFORM_API=0.15 CNB_NO_COLOR=1 ${link} || true`]),
      /^ERROR: failed to parse arguments: at least one image argument is required\n/,
    );
  });

  it('lifecycle without a phase, or with one that it has not, exits 3 (C-12, C-13)', async () => {
    const none = await lifecycle('lifecycle', [], plain());
    assert.deepEqual([none.code, none.stdout.startsWith('ERROR: failed to parse arguments')], [3, true]);
    const unknown = await lifecycle('lifecycle', ['frob'], plain());
    assert.equal(unknown.code, 3);
    assert.match(
      unknown.stdout,
      /^ERROR: failed to recognize phase: frob \nValid phases: detect, analyze, restore, build, export, rebase, create, extend\n/,
    );
    assert.equal((await lifecycle('lifecycle', ['frob'], { env: { CNB_PLATFORM_API: 'x' } })).code, 11);
  });

  it('arguments that are too few, too many or no references exit 3 (A-01, A-02)', async () => {
    await expectLog(
      lifecycle('analyzer', [], plain()),
      3,
      'ERROR: failed to parse arguments: received 0 arguments, but expected 1',
    );
    await expectLog(
      lifecycle('analyzer', ['a', 'b'], plain()),
      3,
      'ERROR: failed to parse arguments: received 2 arguments, but expected 1',
    );
    await expectLog(
      lifecycle('detector', ['x'], plain()),
      3,
      'ERROR: failed to parse arguments: received unexpected arguments',
    );
    await expectLog(
      lifecycle('restorer', ['x'], plain()),
      3,
      'ERROR: failed to parse arguments: received unexpected Args',
    );
    await expectLog(
      lifecycle('analyzer', ['-run-image', 'run', 'UPPER/case:tag:x'], plain()),
      3,
      'ERROR: failed to resolve inputs: could not parse reference: UPPER/case:tag:x',
    );
    await expectLog(lifecycle('exporter', ['-daemon', 'app'], plain()), 3, 'docker-archive:FILE');
  });

  it('a bad log level exits 1 (C-22)', async () => {
    await expectLog(
      lifecycle('analyzer', ['-log-level', 'loud', 'app'], plain()),
      1,
      'failed to parse log level: invalid level',
    );
  });

  it('a flag after the image is warned about (C-15)', async () => {
    const result = await lifecycle('exporter', ['-daemon', 'app', '-uid'], plain());
    assert.match(result.stdout, /^Warning: Warning: unconsumed flag-like positional arg: \n\t-uid\n/);
  });

  it('no run image and no run.toml exits 3 (A-14)', async (t) => {
    const run = join(temporaryDirectory(t), 'run.toml');
    const result = await lifecycle('analyzer', ['-run', run, '127.0.0.1:1/app'], plain());
    assert.equal(result.code, 3);
    assert.equal(
      result.stdout.split('\n').slice(0, 2).join('\n'),
      `No run metadata found at path "${run}"\nERROR: failed to resolve inputs: -run-image is required when there is no run metadata available`,
    );
  });

  it('colours are on without a terminal, and off with -no-color or CNB_NO_COLOR (C-23)', async () => {
    assert.ok((await lifecycle('detector', ['x'])).stdout.startsWith('\u001b[31;1mERROR: \u001b[0mfailed'));
    assert.ok((await lifecycle('detector', ['-no-color', 'x'])).stdout.startsWith('ERROR: failed'));
    assert.ok((await lifecycle('detector', ['x'], plain())).stdout.startsWith('ERROR: failed'));
  });

  it('detector and builder refuse root (B-01, D-02)', { skip: !isRoot && 'not root' }, async () => {
    await expectLog(lifecycle('detector', [], plain()), 1, 'ERROR: failed to detect: refusing to run as root');
    await expectLog(lifecycle('builder', [], plain()), 1, 'ERROR: failed to build: refusing to run as root');
  });

  it('-layout is experimental until CNB_EXPERIMENTAL_MODE says otherwise (C-25, A-33)', async (t) => {
    const directory = temporaryDirectory(t);
    const args = ['-layout', '-layout-dir', directory, '-layers', directory, '-run-image', 'run', 'app'];
    for (const mode of ['', 'error']) {
      const refused = await lifecycle('analyzer', args, plain({ CNB_EXPERIMENTAL_MODE: mode }));
      assert.equal(refused.code, 1);
      assert.match(
        refused.stdout,
        /^ERROR: Platform requested experimental feature 'export to OCI layout format'\nERROR: .*experimental features are disabled by CNB_EXPERIMENTAL_MODE=error/,
      );
    }
    const warned = await lifecycle('analyzer', args, plain({ CNB_EXPERIMENTAL_MODE: 'warn' }));
    assert.match(warned.stdout, /^Warning: Platform requested experimental feature 'export to OCI layout format'\n/);
    assert.equal(warned.code, 32);
    assert.doesNotMatch(
      (await lifecycle('analyzer', args, plain({ CNB_EXPERIMENTAL_MODE: 'quiet' }))).stdout,
      /experimental/,
    );
    await expectLog(lifecycle('analyzer', ['-layout', 'app'], plain()), 3, '-layout requires -layout-dir');
  });

  it('the extender reads its inputs, and says that it comes with a later version (X-13)', async () => {
    await expectLog(lifecycle('extender', ['-kind', 'run'], plain()), 102, 'the extender comes with a later version');
    await expectLog(lifecycle('extender', ['-kind', 'app'], plain()), 3, '-kind is build or run, not "app"');
    assert.equal((await lifecycle('extender', ['-kaniko-cache-ttl', 'long'], plain())).code, 2);
  });

  it('an exporter without analyzed metadata exits 3, without a group exits 1 (GAP-11)', async (t) => {
    const layers = temporaryDirectory(t);
    await expectLog(
      lifecycle('exporter', ['-layers', layers, 'app'], plain()),
      3,
      'ERROR: failed to resolve inputs: run image not found in analyzed metadata',
    );
    writeFileSync(join(layers, 'analyzed.toml'), '[image]\n  reference = ""\n');
    await expectLog(
      lifecycle('exporter', ['-layers', layers, 'app'], plain()),
      3,
      'ERROR: failed to resolve inputs: run image not found in analyzed metadata',
    );
    await expectLog(lifecycle('restorer', ['-layers', layers], plain()), 1, 'ERROR: failed to read group file: ');
  });
});

describe('the five phases, one after the other, to an OCI layout', () => {
  it('make the image that the creator makes', async (t) => {
    const fixture = await openToAll(await buildFixture(t));
    const analyzed = await phase(fixture, 'analyzer', ['-run-image', 'oci:run', 'oci:out:app']);
    assert.equal(analyzed.code, 0, analyzed.stdout);
    for (const [program, args] of [
      ['detector', ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml']],
      ['restorer', ['-cache-dir', 'cache']],
      ['builder', ['-app', 'app', '-buildpacks', 'bps']],
      ['exporter', ['-app', 'app', '-launcher', '/bin/sh', '-cache-dir', 'cache', 'oci:out:app']],
    ] as const) {
      const result = await phase(fixture, program, args);
      assert.equal(result.code, 0, `${program}: ${result.stdout}${result.stderr}`);
    }
    const digest = digestOf(readFileSync(join(fixture.directory, 'layers/report.toml'), 'utf8'));
    const created = await phase(fixture, 'creator', [
      ...['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml', '-launcher', '/bin/sh'],
      ...['-run-image', 'oci:run', '-previous-image', 'oci:out:app', 'oci:made'],
    ]);
    assert.equal(created.code, 0, created.stdout);
    assert.match(
      created.stdout,
      /===> ANALYZING[\s\S]*===> DETECTING[\s\S]*===> RESTORING[\s\S]*===> BUILDING[\s\S]*===> EXPORTING/,
    );
    assert.equal(digestOf(readFileSync(join(fixture.directory, 'layers/report.toml'), 'utf8')), digest);
  });

  it('a failing buildpack is exit 51, a group file of nonsense exit 1 with its place', async (t) => {
    const fixture = await openToAll(await buildFixture(t, { buildpacks: [{ id: 'test/broken', build: 'exit 7' }] }));
    assert.equal((await phase(fixture, 'analyzer', ['-run-image', 'oci:run', 'oci:out'])).code, 0);
    assert.equal(
      (await phase(fixture, 'detector', ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml'])).code,
      0,
    );
    const failed = await phase(fixture, 'builder', ['-app', 'app', '-buildpacks', 'bps']);
    assert.equal(failed.code, 51);
    assert.match(failed.stdout, /ERROR: failed to build: .*exit status 7/);
    writeFileSync(join(fixture.directory, 'layers/group.toml'), '[[group]\n');
    await expectLog(
      phase(fixture, 'builder', ['-app', 'app', '-buildpacks', 'bps']),
      1,
      'ERROR: failed to read group file: ',
    );
  });
});

async function phase(fixture: BuildFixture, program: string, args: readonly string[]): Promise<ProgramResult> {
  const owner = ['analyzer', 'restorer', 'exporter', 'creator'].includes(program)
    ? ['-uid', '1000', '-gid', '1000']
    : [];
  const layers = ['-layers', 'layers', '-log-level', 'info'];
  return lifecycle(program, [...layers, ...owner, ...args], { cwd: fixture.directory, ...plain(), ...USER });
}

/** As root the programs run as another user, who must be able to write here. */
function openToAll(fixture: BuildFixture): Promise<BuildFixture> {
  mkdirSync(join(fixture.directory, 'layers'));
  chmodSync(join(fixture.directory, 'layers'), 0o777);
  chmodSync(fixture.directory, 0o777);
  return Promise.resolve(fixture);
}

function plain(env: Readonly<Record<string, string>> = {}): ProgramOptions {
  return { env: { CNB_NO_COLOR: 'true', ...env } };
}

async function expectLog(running: Promise<ProgramResult>, code: number, text: string): Promise<void> {
  const result = await running;
  assert.equal(result.code, code, result.stdout + result.stderr);
  assert.ok(result.stdout.includes(text), result.stdout);
  assert.equal(result.stderr, '');
}

function digestOf(report: string): string {
  const digest = /^ {2}digest = "(sha256:[0-9a-f]{64})"$/m.exec(report)?.[1];
  assert.ok(digest, report);
  return digest;
}
