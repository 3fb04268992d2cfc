import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { hasCode } from '../../src/core/errors.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import {
  asOrdinaryUser,
  bubblewrapOrSkip,
  openDirectory,
  processesWith,
  runShell,
  startModule,
} from '../support/sandbox.ts';

const CANARY = 'canary-7f3a';

describe('bubblewrap', () => {
  it('shows exactly the given environment', async (t) => {
    const sandbox = await bubblewrapOrSkip(t);
    if (sandbox === undefined) return;
    const env = { PATH: '/usr/bin:/bin', A: 'x y\n', B: '', 'odd.name': 'ü"\\' };
    const run = await runShell(sandbox, { argv: ['/usr/bin/env', '-0'], script: '', env }, testContext(t));
    assert.equal(run.stderr, '');
    const seen = run.stdout.split('\0').filter((line) => line !== '' && !line.startsWith('PWD='));
    assert.deepEqual(seen.sort(), ['A=x y\n', 'B=', 'PATH=/usr/bin:/bin', 'odd.name=ü"\\']);
  });

  it('mounts appear at their targets, writable or not, and files written get the build user', async (t) => {
    const sandbox = await bubblewrapOrSkip(t);
    if (sandbox === undefined) return;
    const directory = temporaryDirectory(t);
    const layers = openDirectory(directory, 'layers');
    const platform = openDirectory(directory, 'platform');
    writeFileSync(join(platform, 'f'), 'p');
    const run = await runShell(
      sandbox,
      {
        script:
          'cat /platform/f; echo made > /layers/out; (echo no > /platform/g) 2>/dev/null || echo refused; pwd; id -u; id -g',
        cwd: '/layers',
        mounts: [
          { source: layers, target: '/layers', writable: true },
          { source: platform, target: '/platform', writable: false },
        ],
      },
      testContext(t),
    );
    assert.deepEqual(run.stdout.split('\n'), ['prefused', '/layers', '1000', '1000', '']);
    assert.equal(readFileSync(join(layers, 'out'), 'utf8'), 'made\n');
    const owner = process.getuid?.() === 0 ? 1000 : process.getuid?.();
    assert.equal(statSync(join(layers, 'out')).uid, owner);
  });

  it('a mount point is made anywhere, also below directories of the machine, and never on the machine', async (t) => {
    const sandbox = await bubblewrapOrSkip(t);
    if (sandbox === undefined) return;
    const source = openDirectory(temporaryDirectory(t), 'source');
    writeFileSync(join(source, 'here'), 'here');
    const targets = [
      '/slipway-a/b/c',
      '/usr/share/slipway-none/x',
      '/var/lib/slipway-none',
      '/home/u/app',
      '/tmp/in/tmp',
    ];
    const run = await runShell(
      sandbox,
      {
        script: `cat ${targets.map((target) => `${target}/here`).join(' ')}; ls /usr/share/doc >/dev/null && test -x /usr/bin/env && echo machine`,
        mounts: targets.map((target) => ({ source, target, writable: false })),
      },
      testContext(t),
    );
    assert.deepEqual([run.stderr, run.stdout], ['', 'hereherehereherehere' + 'machine\n']);
    for (const target of targets) assert.equal(existsSync(target), false, target);
  });

  it('a nested mount lies over the mount around it, whatever the order', async (t) => {
    const sandbox = await bubblewrapOrSkip(t);
    if (sandbox === undefined) return;
    const directory = temporaryDirectory(t);
    const outer = openDirectory(directory, 'outer');
    const inner = openDirectory(directory, 'inner');
    mkdirSync(join(outer, 'in'));
    writeFileSync(join(inner, 'f'), 'inner');
    const mounts = [
      { source: inner, target: '/layers/in', writable: false },
      { source: outer, target: '/layers', writable: true },
    ];
    const run = await runShell(sandbox, { script: 'cat /layers/in/f', mounts }, testContext(t));
    assert.equal(run.stdout, 'inner');
  });

  it('the root is read-only, /tmp and HOME are private and empty', async (t) => {
    const sandbox = await bubblewrapOrSkip(t);
    if (sandbox === undefined) return;
    const marker = join(temporaryDirectory(t), 'marker');
    writeFileSync(marker, '');
    const script = `for d in / /etc /usr /var /home /run /opt /layers; do (: > $d/slipway-test) 2>/dev/null && echo "writable $d"; done
      test -e ${marker} && echo "sees /tmp"
      : > /tmp/f && stat -c %a /tmp && : > /dev/null && : > /dev/shm/f && echo ok
      ls -A "$HOME"; : > "$HOME/f" && echo home`;
    const source = openDirectory(temporaryDirectory(t), 'layers');
    const run = await runShell(
      sandbox,
      {
        script,
        env: { PATH: '/usr/bin:/bin', HOME: '/home/cnb' },
        mounts: [{ source, target: '/layers', writable: false }],
      },
      testContext(t),
    );
    assert.deepEqual([run.stdout, run.stderr], ['1777\nok\nhome\n', '']);
    assert.equal(existsSync('/tmp/f'), false);
  });

  it('credentials are invisible: HOME, DOCKER_CONFIG, the environment of the program, files of root', async (t) => {
    const docker = openDirectory(temporaryDirectory(t), 'docker');
    const elsewhere = '/var/tmp/slipway-canary-' + String(process.pid);
    mkdirSync(elsewhere, { mode: 0o755 });
    t.after(() => rmSync(elsewhere, { recursive: true }));
    for (const directory of [docker, elsewhere]) writeFileSync(join(directory, 'config.json'), CANARY);
    const sandbox = await bubblewrapOrSkip(t, { hide: [docker, elsewhere] });
    if (sandbox === undefined) return;
    process.env['SLIPWAY_TEST_SECRET'] = CANARY;
    t.after(() => delete process.env['SLIPWAY_TEST_SECRET']);
    const home = process.env['HOME'] ?? '/root';
    const script = `cat ${docker}/config.json ${elsewhere}/config.json /proc/*/environ 2>/dev/null
      ls -A /root /home ${home}; ls /run; ls -d /var/run/docker.sock; cat /etc/shadow`;
    const run = await runShell(sandbox, { script }, testContext(t));
    assert.equal(run.stdout.includes(CANARY), false);
    assert.deepEqual(
      run.stdout.split('\n').filter((line) => line !== '' && !line.endsWith(':')),
      [],
    );
    assert.match(run.stderr, /shadow: Permission denied/);
  });

  it('a hidden file or directory among visible ones is covered, the rest stays', async (t) => {
    const path = '/etc/group';
    if (!existsSync(path)) {
      t.skip(`no ${path} here`);
      return;
    }
    const sandbox = await bubblewrapOrSkip(t, { hide: [path, '/etc/apt', '/usr'] });
    if (sandbox === undefined) return;
    const run = await runShell(
      sandbox,
      { script: `cat ${path}; ls /etc/apt; cat /etc/passwd >/dev/null && ls -d /usr/share/doc` },
      testContext(t),
    );
    assert.deepEqual(run.stdout, '/usr/share/doc\n');
  });

  it('programs of a PATH below the home directory work, with the libraries beside them and nothing else', async (t) => {
    const home = temporaryDirectory(t);
    const prefix = join(home, 'nvm', 'v24');
    for (const name of ['bin', 'lib', 'share']) mkdirSync(join(prefix, name), { recursive: true });
    chmodSync(home, 0o755);
    writeFileSync(join(prefix, 'bin', 'tool'), '#!/bin/sh\ncat "$(dirname "$0")/../lib/data"\n', { mode: 0o755 });
    writeFileSync(join(prefix, 'lib', 'data'), 'data\n');
    writeFileSync(join(prefix, 'share', 'keyring'), CANARY);
    writeFileSync(join(home, 'secret'), CANARY);
    const sandbox = await bubblewrapOrSkip(t, { hide: [home] });
    if (sandbox === undefined) return;
    const env = { PATH: `${prefix}/bin:/usr/bin:/bin`, HOME: home };
    const run = await runShell(
      sandbox,
      { script: `tool; find ${home} -type f; : > "$HOME/new" && echo ok`, env },
      testContext(t),
    );
    const [first, ...rest] = run.stdout.trim().split('\n');
    assert.equal(first, 'data');
    assert.deepEqual(rest.sort(), [`${prefix}/bin/tool`, `${prefix}/lib/data`, 'ok']);
    assert.equal(existsSync(join(home, 'new')), false);
  });

  it('network none has no way out, network host has one', async (t) => {
    const sandbox = await bubblewrapOrSkip(t);
    if (sandbox === undefined) return;
    const server = createServer((socket) => socket.end('hello\n'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    t.after(() => server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const argv = ['/bin/bash', '-c', `cat < /dev/tcp/127.0.0.1/${String(port)}`] as const;
    const open = await runShell(sandbox, { argv, script: '', network: 'host' }, testContext(t));
    const shut = await runShell(sandbox, { argv, script: '', network: 'none' }, testContext(t));
    assert.deepEqual([open.stdout, shut.stdout], ['hello\n', '']);
    assert.notDeepEqual(shut.exit, { kind: 'exited', code: 0 });
  });

  it('has own processes, no capabilities and no way to gain any', async (t) => {
    const sandbox = await bubblewrapOrSkip(t);
    if (sandbox === undefined) return;
    const script =
      'grep -E "^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs)" /proc/self/status | tr -d "\\t"; ls -d /proc/[0-9]* | wc -l';
    const run = await runShell(sandbox, { script }, testContext(t));
    const [inh, prm, eff, bnd, amb, noNew, processes] = run.stdout.trim().split('\n');
    assert.deepEqual(
      [inh, prm, eff, bnd, amb].map((line) => line?.split(':')[1]),
      Array.from({ length: 5 }, () => '0000000000000000'),
    );
    assert.equal(noNew, 'NoNewPrivs:1');
    assert.ok(Number(processes) < 8, processes);
  });

  it("works for an ordinary user: ids inside are the asked ones, files outside are the user's", async (t) => {
    if ((await bubblewrapOrSkip(t)) === undefined) return;
    const directory = temporaryDirectory(t);
    const layers = openDirectory(directory, 'layers');
    const tmp = openDirectory(directory, 'tmp');
    const output = await asOrdinaryUser(
      directory,
      `import { chooseSandbox } from ${JSON.stringify(join(process.cwd(), 'src/sandbox/choose.ts'))};
       const ctx = { signal: new AbortController().signal, emit: () => {}, tmp: ${JSON.stringify(tmp)} };
       const sandbox = await chooseSandbox('auto', ctx);
       let text = '';
       const exit = await sandbox.run({
         root: { kind: 'host' }, argv: ['/bin/sh', '-c', 'id -u; id -g; echo x > /layers/f; mkdir /layers/d; : > "$HOME/x"; exit 7'],
         cwd: '/layers', env: { PATH: '/usr/bin:/bin', HOME: '/home/cnb' }, user: { uid: 1000, gid: 1000 }, network: 'none',
         mounts: [{ source: ${JSON.stringify(layers)}, target: '/layers', writable: true }],
         onOutput: (stream, bytes) => (text += Buffer.from(bytes).toString()),
       }, ctx);
       console.log(JSON.stringify({ name: sandbox.name, exit, text }));`,
    );
    assert.deepEqual(JSON.parse(output), {
      name: 'bubblewrap',
      exit: { kind: 'exited', code: 7 },
      text: '1000\n1000\n',
    });
    const uid = process.getuid?.() === 0 ? 1001 : process.getuid?.();
    assert.equal(statSync(join(layers, 'f')).uid, uid);
  });

  it('nothing of it outlives this program, even when that is killed', async (t) => {
    if ((await bubblewrapOrSkip(t)) === undefined) return;
    const directory = temporaryDirectory(t);
    const mark = `600.${String(process.pid)}3`;
    const child = await startModule(
      directory,
      `import { bubblewrapSandbox } from ${JSON.stringify(join(process.cwd(), 'src/sandbox/bubblewrap.ts'))};
       const ctx = { signal: new AbortController().signal };
       await bubblewrapSandbox().run({
         root: { kind: 'host' }, argv: ['/bin/sh', '-c', 'trap "" TERM HUP; sleep ${mark} & sleep ${mark}; :'], cwd: '/',
         env: { PATH: '/usr/bin:/bin' }, user: { uid: 1000, gid: 1000 }, network: 'host', mounts: [], onOutput: () => {},
       }, ctx);`,
    );
    const ended = once(child, 'exit');
    while (processesWith(mark).length < 2) await new Promise((done) => setImmediate(done));
    child.kill('SIGKILL');
    await ended;
    while (processesWith(mark).length > 0) await new Promise((done) => setImmediate(done));
  });

  it('also works with the /proc of the machine, and by a namespace as root', async (t) => {
    const ctx = testContext(t);
    for (const setup of [{ proc: 'bound' }, { user: 'namespace' }] as const) {
      if ((await bubblewrapOrSkip(t, { setup })) === undefined) continue;
      const run = await runShell(bubblewrapSandbox({ setup }), { script: 'id -u; cat /etc/shadow' }, ctx);
      assert.equal(run.stdout, '1000\n');
    }
  });

  it('a PATH without the usual directories still starts the command, as another user too', async (t) => {
    const sandbox = await bubblewrapOrSkip(t);
    if (sandbox === undefined) return;
    const env = { PATH: '/nowhere' };
    const run = await runShell(sandbox, { argv: ['/bin/sh', '-c', 'echo started'], script: '', env }, testContext(t));
    assert.deepEqual([run.stdout, run.stderr], ['started\n', '']);
  });

  it('refuses a root that is missing and impossible variables', async (t) => {
    const sandbox = bubblewrapSandbox();
    const ctx = testContext(t);
    const request = {
      argv: ['/bin/true'] as const,
      cwd: '/',
      env: {},
      mounts: [],
      network: 'host',
      onOutput: () => undefined,
    } as const;
    await assert.rejects(sandbox.run({ ...request, root: { kind: 'directory', path: '/no/root' } }, ctx), (error) =>
      hasCode(error, 'FILE_NOT_FOUND'),
    );
    for (const env of [{ 'A\0B': 'x' }, { A: 'x\0y' }, { '': 'x' }, { 'A=B': 'x' }]) {
      await assert.rejects(sandbox.run({ ...request, root: { kind: 'host' }, env }, ctx), (error) =>
        hasCode(error, 'ARGUMENT_INVALID'),
      );
    }
  });
});
