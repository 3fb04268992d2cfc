import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { hasTerminal, onTerminal } from '../support/on-terminal.ts';
import { ORDINARY } from '../support/ordinary-user.ts';
import { missingPeer } from '../support/peers.ts';
import { finished, NODE, slipway, type ProgramOptions, type ProgramResult } from '../support/program.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** Leaves files, says where it is, counts how often it ran, and fails. */
const BREAKS: SampleBuildpack = {
  id: 'test/breaks',
  build: `mkdir -p "$1/half"; echo left >"$1/half/file"; echo "$(id -u):$(id -g) in $(pwd) with X=$BP_X Y=$Y proxy=\${HTTPS_PROXY:-none}"
[ -f "$3" ] && echo mark >>/workspace/mark && echo "marks: $(wc -l </workspace/mark)"; exit 7`,
};
const KEEP = ['--output', 'oci:out', '--on-error', 'keep', '--env', 'Y=1', '--on-error-dir', 'kept'];

describe('slipway build --on-error', () => {
  for (const who of ['whoever tests', 'an ordinary user'] as const)
    it(`keep leaves a failed step that runs again in the same sandbox to the same end, as ${who}`, async (t) => {
      const bed = await bedOf(t, who);
      if (bed === undefined) return;
      const proxy = { HTTPS_PROXY: 'http://ann:secret@proxy.example' };
      writeFileSync(join(bed.directory, 'token'), SECRET, { mode: 0o644 });
      const built = await bed.run([...BUILD, ...KEEP, '--secret', 'id=token,src=token'], proxy);
      assert.equal(built.code, 51, built.stderr);
      assert.match(built.stderr, /marks: 1/);
      const kept = keptIn(bed.directory);
      assert.ok(built.stderr.includes(`enter      ${kept}/enter.sh`), built.stderr);
      assert.equal(statSync(kept).mode & 0o007, 0);
      assert.equal(readFileSync(join(kept, 'work/layers/test_breaks/half/file'), 'utf8'), 'left\n');
      for (const file of ['failure.txt', 'step.json', 'enter.sh'])
        assert.equal(readFileSync(join(kept, file), 'utf8').includes('ann:secret'), false, file);
      assert.match(readFileSync(join(kept, 'failure.txt'), 'utf8'), /^ended {6}exit status 7$/m);
      assert.match(readFileSync(join(kept, 'failure.txt'), 'utf8'), /^ {2}\/run\/secrets\S*: a secret/m);
      for (const file of filesBelow(kept)) assert.equal(readFileSync(file).includes(SECRET), false, file);
      assert.match(readFileSync(join(kept, 'failure.txt'), 'utf8'), /^ {2}HTTPS_PROXY: credentials are in it/m);

      const again = await bed.enter(kept, ['--run'], proxy);
      assert.equal(again.code, 7, again.stderr);
      const said = 'in /workspace with X=from the builder Y=1 proxy=http://ann:secret@proxy.example\nmarks: 2\n';
      assert.equal(again.stdout, `${bed.ids} ${said}`);
      assert.match(again.stderr, /sandbox {9}(?:bubblewrap|unshare)/);
      assert.equal(/sandbox {4}(\w+)/.exec(readFileSync(join(kept, 'failure.txt'), 'utf8'))?.[1], sandboxIn(again));

      const moved = join(bed.directory, 'elsewhere');
      renameSync(kept, moved);
      const other = await bed.enter(moved, ['--command', 'cat "$CNB_LAYERS_DIR"/half/file; wc -l <mark; exit 3']);
      assert.deepEqual([other.code, other.stdout], [3, 'left\n2\n'], other.stderr);
    });

  it('keeps the builder unpacked as long as the directory is there; what else is gone is said', async (t) => {
    const bed = await bedOf(t, 'whoever tests');
    if (bed === undefined) return;
    assert.equal((await bed.run([...BUILD, ...KEEP])).code, 51);
    const prune = async (): Promise<string> => (await bed.run(['cache', 'prune'])).stdout;
    assert.equal((await prune()).includes('removed rootfs'), false);
    const kept = keptIn(bed.directory);
    rmSync(join(kept, 'work/workspace'), { recursive: true });
    const gone = await bed.enter(kept, ['--run']);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /work\/workspace is gone, which the step ran with/);
    const none = await bed.run(['debug', 'app', '--run']);
    assert.deepEqual([none.code, none.stderr.includes('app holds no kept build')], [3, true], none.stderr);
    const still = await bed.enter(kept, []);
    assert.deepEqual([still.code, still.stderr.includes('there is no terminal for a shell')], [3, true], still.stderr);
    rmSync(kept, { recursive: true });
    assert.match(await prune(), /removed rootfs/);
  });

  it('without it, and after a success, nothing is left', async (t) => {
    const bed = await bedOf(t, 'whoever tests');
    if (bed === undefined) return;
    const failed = await bed.run([...BUILD, '--output', 'oci:out', '--on-error-dir', 'kept']);
    assert.equal(failed.code, 51, failed.stderr);
    assert.equal(existsSync(join(bed.directory, 'kept')), false);
    const unusable = await bed.run([...BUILD, ...KEEP, '--run-image', 'oci:nowhere']);
    assert.equal(unusable.code, 32, unusable.stderr);
    assert.deepEqual(readdirSync(join(bed.directory, 'kept')), []);
    assert.equal(
      readdirSync(bed.directory).some((name) => name.startsWith('slipway-')),
      false,
    );
  });

  it('shell opens one at the failed step; the build then ends with its own code and nothing is left', async (t) => {
    const bed = await bedOf(t, 'an ordinary user');
    if (bed === undefined) return;
    if (!hasTerminal()) {
      missingPeer(t, 'script (util-linux) is needed');
      return;
    }
    const argv = [
      NODE,
      resolve('dist/bin/slipway.js'),
      ...BUILD,
      '--output',
      'oci:out',
      '--on-error',
      'shell',
      '--env',
      'Y=1',
    ];
    const end = await onTerminal(
      argv,
      [
        { after: 'exit leaves it', keys: 'echo "uid $(id -u) $((20+3)) $CNB_LAYERS_DIR"; sleep 30\n' },
        { after: '23 /layers/test_breaks', keys: '\u0003' },
        { after: '^C', keys: 'cat /layers/test_breaks/half/file; cat mark; exit 9\n' },
      ],
      bed.options,
    );
    assert.equal(end.code, 51, end.screen);
    assert.match(end.screen, /^uid 1001 23 \/layers\/test_breaks$/m);
    assert.match(end.screen, /^left\nmark$/m);
    assert.match(end.screen, /buildpack test\/breaks@1\.0\.0 failed: exit status 7 {3}\[BUILDPACK_FAILED\]/);
    assert.deepEqual(readdirSync(join(bed.directory, 'home/.cache/slipway/kept')), []);
  });

  it('shell without a terminal keeps, and says so', async (t) => {
    const bed = await bedOf(t, 'an ordinary user');
    if (bed === undefined) return;
    const built = await bed.run([...BUILD, '--output', 'oci:out'], { SLIPWAY_ON_ERROR: 'shell' });
    assert.equal(built.code, 51);
    assert.match(built.stderr, /there is no terminal for a shell: what the build left is kept instead/);
    const list = await bed.run(['cache', 'ls']);
    assert.match(list.stdout, /^kept {2,}shop-\d{8}T\d{6}Z .*bin\/build of test\/breaks@1\.0\.0$/m);
    assert.match((await bed.run(['cache', 'prune'])).stdout, /removed kept shop-/);
    assert.deepEqual(readdirSync(join(bed.directory, 'home/.cache/slipway/kept')), []);
  });
});

const SECRET = 'token-that-nobody-keeps';

function filesBelow(directory: string): readonly string[] {
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const BUILD = ['build', 'shop', '--path', 'app', '--builder', 'oci:builder'] as const;

interface DebugBed {
  readonly directory: string;
  readonly options: ProgramOptions & BuilderBed['options'];
  /** What `id` says inside. */
  readonly ids: string;
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<ProgramResult>;
  /** Its `enter.sh`. */
  readonly enter: (
    kept: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<ProgramResult>;
}

async function bedOf(t: TestContext, who: 'whoever tests' | 'an ordinary user'): Promise<DebugBed | undefined> {
  const bed = await builderBed(t, { buildpacks: [BREAKS] });
  if (bed === undefined) return undefined;
  const { directory } = bed.fixture;
  const isOther = who === 'an ordinary user' && process.getuid?.() === 0;
  if (isOther) spawnSync('chown', ['-R', `${String(ORDINARY.uid)}:${String(ORDINARY.gid)}`, directory]);
  const options = { ...bed.options, ...(isOther ? { user: ORDINARY } : {}) };
  const withEnv = (env: Readonly<Record<string, string>>): typeof options => ({
    ...options,
    env: { ...options.env, ...env },
  });
  return {
    directory,
    options,
    ids: '1001:1002',
    run: (args, env = {}) => slipway(args, withEnv(env)),
    enter: (kept, args, env = {}) => {
      const all = { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', LC_ALL: 'C.UTF-8', ...withEnv(env).env };
      const stdio = ['ignore', 'pipe', 'pipe'] as const;
      return finished(
        spawn(join(kept, 'enter.sh'), args, { cwd: '/', env: all, stdio: [...stdio], ...(options.user ?? {}) }),
      );
    },
  };
}

function keptIn(directory: string): string {
  const [name = ''] = readdirSync(join(directory, 'kept'));
  return join(directory, 'kept', name);
}

function sandboxIn({ stderr }: ProgramResult): string | undefined {
  return /^sandbox {9}(\w+)/m.exec(stderr)?.[1];
}
