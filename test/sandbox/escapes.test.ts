import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { type ForeignCommand, foreignRuns, type ForeignStrategy } from '../support/foreign-runs.ts';
import { asOrdinaryUser, openDirectory } from '../support/sandbox.ts';
import { foreignRoot } from '../support/foreign-root.ts';

const SECRET = 'canary-e5ca';
const IS_ROOT = process.getuid?.() === 0;

/** What a malicious buildpack tries, by its row in docs/reference/sandbox.md; each prints nothing when it fails. */
function attempts({ home, victim }: Scene): Readonly<Record<string, ForeignCommand>> {
  return {
    'read HOME and docker’s config of who builds': {
      script: `cat ${home}/.docker/config.json ${home}/secret /root/.docker/config.json 2>/dev/null; ls ${home} 2>/dev/null`,
    },
    'read the environment of its parent and of others': {
      script: `for f in /proc/[0-9]*/environ; do cat $f 2>/dev/null; done | grep -a ${SECRET}`,
    },
    'see or signal processes of the machine': {
      script: `[ -e /proc/${victim} ] && [ "$(cat /proc/${victim}/cmdline 2>/dev/null)" != "" ] && echo seen; kill -9 ${victim} 2>/dev/null && echo killed`,
    },
    'read /etc/shadow of the machine': {
      script: 'for f in /proc/[0-9]*/root/etc/shadow; do cat $f 2>/dev/null | grep -v builder; done',
    },
    'follow a link of the app out of its root': {
      script: 'cat /layers/link/secret /layers/shadow 2>/dev/null | grep -v builder',
    },
    'write outside of its directories': {
      script:
        'for d in / /bin /etc /home /real /usr /proc/sys/kernel /sys /dev; do (: > $d/escaped) 2>/dev/null && echo "$d"; done',
    },
    'change the builder for the next build': {
      script:
        '(echo x >> /bin/plain) 2>/dev/null && echo changed; (rm /bin/lost) 2>/dev/null && echo removed; (chmod 777 /bin) 2>/dev/null && echo mode',
    },
    'mount, or mount anew with other rights': {
      script:
        'mount -t tmpfs t /layers 2>/dev/null && echo tmpfs; mount -o remount,rw / 2>/dev/null && echo remount; mount -o bind /bin /layers 2>/dev/null && echo bind',
    },
    'make a device, or open one of the machine': {
      script:
        'mknod /layers/d b 8 0 2>/dev/null && echo node; for f in /dev/sda /dev/vda /dev/mem /dev/kmsg /dev/fuse; do (exec 7< $f) 2>/dev/null && echo $f; done',
    },
    'gain rights by a setuid program': {
      script: '[ ! -e /proc/self/status ] || grep -q "^NoNewPrivs:.1" /proc/self/status || echo gains',
    },
    'make namespaces of its own to be root in': {
      script: 'unshare -U -r true 2>/dev/null && unshare -Urm mount -o remount,rw / 2>/dev/null && echo remounted',
    },
    'change the root directory': { script: 'chroot /real /bin/true 2>/dev/null && echo changed' },
    'use files that the program has open': {
      script:
        'for f in /proc/self/fd/*; do case "${f##*/}" in 0|1|2) ;; *) readlink "$f" 2>/dev/null ;; esac; done | grep -v "/proc/\\|^pipe\\|/fd$"',
    },
    'change the program by /proc/self/exe and its parents': {
      script: 'for f in /proc/[0-9]*/exe; do (echo x >> $f) 2>/dev/null && echo $f; done',
    },
    'read the memory of the program': {
      script:
        'for p in /proc/[0-9]*; do case "$(readlink $p/exe 2>/dev/null)" in *node*) (exec 7< $p/mem) 2>/dev/null && echo memory ;; esac; done',
    },
  };
}

describe('escapes from a sandbox', () => {
  for (const strategy of ['bubblewrap', 'unshare', 'crun', 'chroot'] as const) {
    for (const who of ['root', 'an ordinary user'] as const) {
      if (strategy === 'chroot' && who !== 'root') continue;
      it(`all fail under ${strategy}, for ${who}`, async (t) => {
        const scene = await open(t, strategy, who);
        if (scene === undefined) return;
        const ends = await scene.run(attempts(scene));
        for (const [name, [, text]] of Object.entries(ends)) {
          if (strategy === 'chroot' && OPEN_IN_CHROOT.includes(name)) continue;
          assert.equal(text, '', `${name}: ${text}`);
        }
        assert.equal(scene.isVictimAlive(), true, 'a process of another user was killed');
        assert.equal(readFileSync(join(scene.root, 'bin/plain'), 'utf8'), '#!/bin/sh\n');
      });
    }
  }
});

/** What a changed root directory does not keep a command from. */
const OPEN_IN_CHROOT: readonly string[] = ['see or signal processes of the machine'];

interface Scene {
  readonly root: string;
  readonly home: string;
  readonly victim: string;
  readonly isVictimAlive: () => boolean;
  readonly run: (commands: Readonly<Record<string, ForeignCommand>>) => ReturnType<typeof foreignRuns>;
}

async function open(t: TestContext, strategy: ForeignStrategy, who: string): Promise<Scene | undefined> {
  if (who === 'root' && !IS_ROOT) {
    t.skip('only root can be root');
    return undefined;
  }
  const root = await foreignRoot(t, strategy);
  if (root === undefined) return undefined;
  for (const name of ['unshare', 'nc', 'grep', 'readlink', 'head', 'chmod', 'rm', 'true'])
    symlinkSync('busybox', join(root, 'bin', name));
  const scratch = temporaryDirectory(t);
  const home = openDirectory(scratch, 'home');
  mkdirSync(join(home, '.docker'));
  for (const path of ['.docker/config.json', 'secret']) writeFileSync(join(home, path), SECRET, { mode: 0o644 });
  const layers = openDirectory(home, 'layers');
  symlinkSync(home, join(layers, 'link'));
  symlinkSync('/etc/shadow', join(layers, 'shadow'));
  const victim = spawn('sleep', ['600']);
  t.after(() => victim.kill('SIGKILL'));
  const setting = { strategy, root, mounts: [{ source: layers, target: '/layers', writable: true }] };
  return {
    root,
    home,
    victim: String(victim.pid),
    isVictimAlive: () => victim.exitCode === null && victim.signalCode === null,
    run: async (commands) => {
      process.env['SLIPWAY_TEST_SECRET'] = SECRET;
      t.after(() => delete process.env['SLIPWAY_TEST_SECRET']);
      if (who === 'root') return foreignRuns(setting, commands, testContext(t));
      const source = `import { foreignRuns } from ${JSON.stringify(join(process.cwd(), 'test/support/foreign-runs.ts'))};
        const ctx = { signal: new AbortController().signal, emit: () => {}, tmp: ${JSON.stringify(openDirectory(scratch, 'tmp'))} };
        console.log(JSON.stringify(await foreignRuns(${JSON.stringify(setting)}, ${JSON.stringify(commands)}, ctx)));`;
      // eslint-disable-next-line @typescript-eslint/no-unsafe-return -- what the module above prints
      return JSON.parse(await asOrdinaryUser(scratch, source, { SLIPWAY_TEST_SECRET: SECRET, HOME: home }));
    },
  };
}
