import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hasCode } from '../../src/core/errors.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { type ForeignCommand, foreignRuns, type ForeignStrategy } from '../support/foreign-runs.ts';
import { asOrdinaryUser, openDirectory, processesWith, startModule } from '../support/sandbox.ts';
import { foreignRoot } from '../support/foreign-root.ts';

const MARK = `600.${String(process.pid)}7`;
const SECRET = 'canary-91c2';
const IS_ROOT = process.getuid?.() === 0;

const EXITS: Readonly<Record<string, ForeignCommand>> = {
  success: { script: 'exit 0' },
  seven: { script: 'exit 7' },
  killed: { script: 'kill -KILL $$' },
  terminated: { script: 'kill -TERM $$' },
  segmentation: { script: 'kill -SEGV $$' },
  absent: { program: '/bin/absent' },
  plain: { program: '/bin/plain' },
  lost: { program: '/bin/lost' },
};

const ENDS = {
  success: '0',
  seven: 'exit status 7',
  killed: 'signal: SIGKILL',
  terminated: 'signal: SIGTERM',
  segmentation: 'signal: SIGSEGV',
  absent: 'cannot start /bin/absent: no such file or directory',
  plain: 'cannot start /bin/plain: permission denied',
  lost: 'cannot start /bin/lost: no such file or directory',
};

const ESCAPES: Readonly<Record<string, ForeignCommand>> = {
  basics: { script: 'id -u; id -g; echo "$HOME $WORD"; cat /linked/f; echo x > out; : > "$HOME/f" && : > /tmp/f; pwd' },
  network: { script: 'cat /etc/resolv.conf 2>/dev/null || echo none' },
  shadow: { script: 'cat /etc/shadow; cat /root/.docker/config.json /proc/*/environ 2>/dev/null; :' },
  outside: {
    script:
      'for d in / /bin /etc /home /real /usr; do (: > $d/escaped) 2>/dev/null && echo "$d"; done; (echo x >> /etc/shadow) 2>/dev/null || echo no; (: > /linked/f) 2>/dev/null || echo no',
  },
  device: {
    script:
      '(mknod /tmp/d b 8 0) 2>/dev/null || echo no; (mount -t tmpfs t /tmp) 2>/dev/null || echo no; chroot / true 2>/dev/null || echo no',
  },
  disk: {
    script: 'dd if=/dev/zero of=big bs=1000000 count=5 2>/dev/null; echo "$?"',
    limits: { fileSizeBytes: 1 << 20 },
  },
  memory: {
    script: 'dd if=/dev/zero of=/dev/null bs=300M count=1 2>/dev/null || echo no',
    limits: { memoryBytes: 50 << 20 },
  },
  daemon: { script: `setsid sleep ${MARK} >/dev/null 2>&1 & (setsid sleep ${MARK} &) ; echo left` },
  parent: { script: 'kill -9 $PPID 2>/dev/null; kill -9 1 2>/dev/null; echo survived' },
};

for (const strategy of ['bubblewrap', 'unshare', 'crun', 'chroot'] as const) {
  for (const who of ['root', 'an ordinary user'] as const) {
    if (strategy === 'chroot' && who !== 'root') continue;
    describe(`${strategy} with a root of its own, for ${who}`, () => {
      it('ends as the command did, whatever ended it', async (t) => {
        const world = await open(t, strategy, who);
        if (world === undefined) return;
        const ends = await world.run(EXITS);
        const lowered = Object.entries(ends).map(([name, [end]]) => [name, end.replace(/: [NP][a-z ]+$/, lower)]);
        assert.deepEqual(Object.fromEntries(lowered), ENDS);
        for (const [, text] of Object.values(ends)) assert.equal(text, '');
      });

      it('a command sees the builder and its mounts, and gets out by no way', async (t) => {
        const world = await open(t, strategy, who);
        if (world === undefined) return;
        const before = listing(world.root);
        const ends = await world.run(ESCAPES);
        assert.deepEqual(ends['basics'], ['0', '1000\n1000\n/home/cnb two words\nmounted/layers\n']);
        assert.equal(readFileSync(join(world.layers, 'out'), 'utf8'), 'x\n');
        // Only chroot, which cannot do without, was given the network here.
        const servers = strategy === 'chroot' ? readFileSync('/etc/resolv.conf', 'utf8') : 'none\n';
        assert.deepEqual(ends['network'], ['0', servers]);
        const shadow = ends['shadow']?.[1] ?? '';
        assert.ok(shadow.startsWith("the builder's\n") && !shadow.includes(SECRET), shadow);
        assert.deepEqual(ends['outside'], ['0', 'no\nno\n']);
        assert.deepEqual(ends['device'], ['0', 'no\nno\nno\n']);
        assert.notEqual(ends['disk']?.[1], '0\n');
        assert.ok(statSync(join(world.layers, 'big')).size <= 1 << 20);
        assert.deepEqual(ends['memory'], ['0', 'no\n']);
        assert.deepEqual(ends['daemon'], ['0', 'left\n']);
        assert.deepEqual(processesWith(MARK), []);
        // Where its parent is one that it may kill, that is the end of it.
        assert.ok(['0', 'signal: SIGKILL'].includes(ends['parent']?.[0] ?? ''), ends['parent']?.[0]);
        assert.deepEqual(listing(world.root), before);
      });
    });
  }

  it(`nothing under ${strategy} outlives an abort`, async (t) => {
    const world = await open(t, strategy, IS_ROOT ? 'root' : 'an ordinary user');
    if (world === undefined) return;
    const mark = `${MARK}${String(strategy.length)}`;
    const controller = new AbortController();
    const ctx = testContext(t, { signal: controller.signal });
    const script = `trap "" TERM INT HUP; setsid sleep ${mark} >/dev/null 2>&1 & sleep ${mark}; :`;
    const running = foreignRuns({ strategy, root: world.root, mounts: world.mounts }, { stay: { script } }, ctx);
    while (processesWith(mark).length < 2) await new Promise((done) => setImmediate(done));
    controller.abort();
    await assert.rejects(running, (error) => hasCode(error, 'INTERRUPTED'));
    assert.deepEqual(processesWith(mark), []);
  });
}

for (const strategy of ['unshare', 'crun'] as const) {
  it(`nothing under ${strategy} outlives this program, even when that is killed`, async (t) => {
    const world = await open(t, strategy, IS_ROOT ? 'root' : 'an ordinary user');
    if (world === undefined) return;
    const mark = `${MARK}1${String(strategy.length)}`;
    const directory = temporaryDirectory(t);
    const script = `trap "" TERM HUP; setsid sleep ${mark} >/dev/null 2>&1 & sleep ${mark}; :`;
    const child = await startModule(
      directory,
      `import { foreignRuns } from ${JSON.stringify(join(process.cwd(), 'test/support/foreign-runs.ts'))};
       const ctx = { signal: new AbortController().signal, tmp: ${JSON.stringify(openDirectory(directory, 'tmp'))} };
       await foreignRuns(${JSON.stringify({ strategy, root: world.root, mounts: world.mounts })}, ${JSON.stringify({ stay: { script } })}, ctx);`,
    );
    const ended = once(child, 'exit');
    while (processesWith(mark).length < 2) await new Promise((done) => setImmediate(done));
    child.kill('SIGKILL');
    await ended;
    while (processesWith(mark).length > 0) await new Promise((done) => setImmediate(done));
  });
}

type Mounts = Parameters<typeof foreignRuns>[0]['mounts'];

interface World {
  readonly root: string;
  readonly layers: string;
  readonly mounts: Mounts;
  readonly run: (commands: Readonly<Record<string, ForeignCommand>>) => ReturnType<typeof foreignRuns>;
}

/** A root, a writable and a read-only mount (whose target goes through a link of the root); undefined when the test is skipped. */
async function open(t: TestContext, strategy: ForeignStrategy, who: string): Promise<World | undefined> {
  if (who === 'root' ? !IS_ROOT : IS_ROOT && strategy === 'chroot') {
    t.skip('only root can be root');
    return undefined;
  }
  const root = await foreignRoot(t, strategy);
  if (root === undefined) return undefined;
  const scratch = temporaryDirectory(t);
  const layers = openDirectory(scratch, 'layers');
  const files = openDirectory(scratch, 'files');
  writeFileSync(join(files, 'f'), 'mounted');
  const mounts = [
    { source: layers, target: '/layers', writable: true },
    { source: files, target: '/linked', writable: false },
  ];
  const setting = { strategy, root, mounts };
  return {
    root,
    layers,
    mounts,
    run: async (commands) => {
      if (who === 'root') return foreignRuns(setting, commands, testContext(t));
      const source = `import { foreignRuns } from ${JSON.stringify(join(process.cwd(), 'test/support/foreign-runs.ts'))};
        const ctx = { signal: new AbortController().signal, emit: () => {}, tmp: ${JSON.stringify(openDirectory(scratch, 'tmp'))} };
        console.log(JSON.stringify(await foreignRuns(${JSON.stringify(setting)}, ${JSON.stringify(commands)}, ctx)));`;
      // eslint-disable-next-line @typescript-eslint/no-unsafe-return -- what the module above prints
      return JSON.parse(await asOrdinaryUser(scratch, source, { SLIPWAY_TEST_SECRET: SECRET }));
    },
  };
}

/** Every path with its size and time. */
function listing(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => {
      const stats = statSync(join(root, path), { throwIfNoEntry: false });
      return `${path} ${String(stats?.size)} ${String(stats?.mtimeMs)} ${String(stats?.mode)}`;
    });
}

function lower(text: string): string {
  return text.toLowerCase();
}
