import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ObjectReader } from '../../src/schema/reader.ts';
import { builderBed } from '../support/builder-bed.ts';
import { temporaryDirectory } from '../support/context.ts';
import { giveToOrdinaryUser, ORDINARY } from '../support/ordinary-user.ts';
import { requirePeer } from '../support/peers.ts';
import { canMountPrivately, inPrivateMounts } from '../support/private-mounts.ts';
import { NODE, slipway, type ProgramOptions, type ProgramResult } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';

describe('slipway doctor', () => {
  it('says that builds can run where they can, and which sandbox they get, as this user and as an ordinary one', async (t) => {
    if (requirePeer(t, 'bwrap') === undefined) return;
    const home = homeOf(t);
    const isRoot = process.getuid?.() === 0;
    const [own, ordinary] = await Promise.all([doctor(home), doctor(home, [], isRoot ? { user: ORDINARY } : {})]);
    for (const { result, finding } of [own, ordinary]) {
      assert.equal(result.code, 0, result.stdout);
      assert.deepEqual(
        ['of builds', 'Node', 'cache', 'temporary files', 'authorities'].map((name) => finding(name)?.verdict),
        ['ok', 'ok', 'ok', 'ok', 'ok'],
        result.stdout,
      );
      assert.match(finding('of builds')?.found ?? '', /^bubblewrap/);
      assert.match(finding('in-place')?.found ?? '', /only when it is asked for/);
    }
    assert.match(own.result.stderr, /^$/);
    assert.match(ordinary.finding('chroot')?.found ?? '', /only root can change the root directory/);
    const text = await slipway(['doctor'], { env: { HOME: home } });
    assert.match(text.stdout, /^sandbox\n {2}ok +of builds +bubblewrap/m);
    assert.match(text.stdout, /slipway build can run here.*\n$/);
  });

  it('where bubblewrap cannot be started says so, and what is taken in its place', (t) => {
    const bwrap = requirePeer(t, 'bwrap');
    if (bwrap === undefined || requirePeer(t, 'unshare') === undefined || !canMountPrivately(t)) return;
    const home = homeOf(t);
    const [run] = inPrivateMounts(join(home, 'steps'), [`mount --bind /dev/null ${bwrap}`, ['doctor', '--json']], {
      env: { HOME: home },
    });
    assert.ok(run !== undefined);
    const { finding } = reportOf(run);
    assert.match(finding('bubblewrap')?.found ?? '', /^does not work: .*bwrap/, run.stdout);
    assert.deepEqual([finding('bubblewrap')?.verdict, finding('of builds')?.verdict], ['note', 'ok']);
    assert.match(finding('of builds')?.found ?? '', /^unshare/);
    assert.equal(run.code, 0);
  });

  it('where user namespaces are forbidden says which setting forbids them, and exits 1', (t) => {
    if (requirePeer(t, 'unshare') === undefined) return;
    const home = homeOf(t);
    const program = `exec '${NODE}' '${resolve('dist/bin/slipway.js')}' doctor --json`;
    const inner = `echo 0 >/proc/sys/user/max_user_namespaces; ${program}`;
    const run = spawnSync('unshare', ['--map-root-user', '/bin/sh', '-c', inner], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', HOME: home },
    });
    const { finding, canBuild } = reportOf({ code: run.status, signal: null, stdout: run.stdout, stderr: run.stderr });
    assert.deepEqual([run.status, canBuild, finding('of builds')?.verdict], [1, false, 'bad'], run.stderr);
    assert.match(finding('user.max_user_namespaces')?.found ?? '', /^0: user namespaces are forbidden$/);
    assert.match(finding('user.max_user_namespaces')?.remedy ?? '', /sysctl -w/);
    assert.notEqual(finding('of builds')?.remedy ?? '', '');
    assert.match(finding('bubblewrap')?.found ?? '', /does not work: ./);
  });

  it('tells of files and variables that are broken, and shows no secret of them', async (t) => {
    const home = homeOf(t);
    write(join(home, '.config/slipway/config.toml'), 'pull-policy = "never"\nbroken\n');
    write(join(home, '.pack/config.toml'), 'experimental = "SECRET-not-shown-elsewhere"\n');
    write(join(home, '.docker/config.json'), '{"auths": {"registry.example": {"auth": "U0VDUkVUOlNFQ1JFVA==" ');
    const { result, finding } = await doctor(home, [], {
      env: {
        HTTPS_PROXY: 'http://ann:SECRET-proxy@proxy.example:3128',
        HTTP_PROXY: 'socks5://ann:SECRET-socks@proxy.example:1080',
        NO_PROXY: 'intern.example',
        SSL_CERT_FILE: '/no/such/file.pem',
        CNB_REGISTRY_AUTH: '{"registry.example": "Basic U0VDUkVUOlNFQ1JFVA=="}',
      },
    });
    assert.equal(result.code, 1);
    assert.match(finding('~/.config/slipway/config.toml')?.found ?? '', /:2:\d+: /);
    assert.match(finding('~/.pack/config.toml')?.found ?? '', /^experimental: expected true or false, found a string$/);
    assert.deepEqual(
      [finding('proxy for https')?.found, finding('proxy for http')?.verdict, finding('NO_PROXY')?.found],
      ['http://proxy.example:3128 (HTTPS_PROXY)', 'bad', 'intern.example'],
    );
    assert.equal(finding('SSL_CERT_FILE')?.verdict, 'warn');
    assert.deepEqual(
      [finding('CNB_REGISTRY_AUTH')?.found, finding('~/.docker/config.json')?.verdict],
      ['1 entry', 'bad'],
    );
    assert.doesNotMatch(result.stdout + result.stderr, /SECRET|U0VDUk/);
  });

  it('a cache that cannot be written to is bad', async (t) => {
    const home = homeOf(t);
    const file = join(home, 'file');
    writeFileSync(file, '');
    const { result, finding } = await doctor(home, [], { env: { SLIPWAY_CACHE_DIR: join(file, 'cache') } });
    assert.deepEqual([result.code, finding('cache')?.verdict], [1, 'bad'], result.stdout);
    assert.match(finding('cache')?.remedy ?? '', /SLIPWAY_CACHE_DIR/);
  });

  it('asks the registries that are named, and no other', async (t) => {
    const open = await startRegistry(t);
    const closed = await startRegistry(t, { auth: { kind: 'basic', users: { ann: 'SECRET-password' } } });
    const unasked = await startRegistry(t);
    const [plain, knowing] = [homeOf(t), homeOf(t)];
    write(join(plain, '.config/slipway/config.toml'), `default-builder-image = "${unasked.name}/builder"\n`);
    const auth = Buffer.from('ann:SECRET-password').toString('base64');
    write(join(knowing, '.docker/config.json'), JSON.stringify({ auths: { [closed.name]: { auth } } }));
    const builder = `${open.name}/builder`;
    const [all, known] = await Promise.all([
      doctor(plain, [
        ...['--registry', open.name, '--registry', closed.name, '--registry', '127.0.0.1:1', '--builder', builder],
      ]),
      doctor(knowing, ['--registry', closed.name]),
    ]);
    assert.deepEqual([all.result.code, all.canBuild], [1, false]);
    assert.deepEqual(
      [open.name, closed.name, '127.0.0.1:1', `builder ${builder}`].map((name) => all.finding(name)?.verdict),
      ['ok', 'warn', 'bad', 'bad'],
      all.result.stdout,
    );
    assert.match(all.finding(closed.name)?.remedy ?? '', /^slipway login /);
    assert.deepEqual(unasked.requests, []);
    assert.deepEqual([known.result.code, known.finding(closed.name)?.verdict], [0, 'ok'], known.result.stdout);
    assert.equal(known.finding(`for ${closed.name}`)?.found, '~/.docker/config.json');
    assert.equal(known.result.stdout.includes('SECRET'), false);
  });

  it('looks for a builder and its run images without unpacking it', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    const home = join(directory, 'home');
    const [builder, base] = await Promise.all(
      ['oci:builder', 'oci:base'].map((location) => doctor(home, ['--builder', location], { cwd: directory })),
    );
    assert.ok(builder !== undefined && base !== undefined);
    assert.deepEqual(
      ['builder oci:builder', 'run image oci:run'].map((name) => builder.finding(name)?.verdict),
      ['ok', 'ok'],
      builder.result.stdout,
    );
    assert.equal(existsSync(join(home, '.cache')), false);
    assert.match(base.finding('builder oci:base')?.found ?? '', /is no builder/);
    assert.deepEqual([builder.result.code, base.result.code], [0, 1]);
  });
});

interface Found {
  readonly name: string;
  readonly verdict: string;
  readonly found: string;
  readonly remedy?: string;
}

interface Report {
  readonly result: ProgramResult;
  readonly canBuild: boolean;
  readonly finding: (name: string) => Found | undefined;
}

/** A home that an ordinary user may write to. */
function homeOf(t: TestContext): string {
  const home = temporaryDirectory(t);
  giveToOrdinaryUser(home, 0o777);
  return home;
}

async function doctor(home: string, args: readonly string[] = [], options: ProgramOptions = {}): Promise<Report> {
  return reportOf(await slipway(['doctor', '--json', ...args], { ...options, env: { HOME: home, ...options.env } }));
}

function reportOf(result: ProgramResult): Report {
  const reader = new ObjectReader(JSON.parse(result.stdout));
  const findings = reader.list('findings', (each): Found => {
    const remedy = each.optionalString('remedy');
    return {
      ...{ name: each.string('name'), verdict: each.string('verdict'), found: each.string('found') },
      ...(remedy === undefined ? {} : { remedy }),
    };
  });
  assert.deepEqual(reader.issues, []);
  return {
    result,
    canBuild: reader.boolean('canBuild'),
    finding: (name) => findings.find((each) => each.name === name),
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
