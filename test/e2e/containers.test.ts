import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { startDockerd } from '../support/dockerd.ts';
import { importImage, jobRoot } from '../support/job-image.ts';
import { findTool, missingPeer } from '../support/peers.ts';
import { finished, peer, slipway, type ProgramResult } from '../support/program.ts';
import { openDirectory } from '../support/sandbox.ts';
import { asAnother, buildWords } from '../support/sandboxed-build.ts';

/** Everything that a strategy must not change, and what tells them apart on its output. */
const WITNESS = {
  id: 'test/witness',
  build: `mkdir -p "$1/seen"
{ id -u; id -g; pwd; umask; cat /etc/os-release; } >"$1/seen/facts"
printf '[types]\\nlaunch = true\\n' >"$1/seen.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["/bin/cat", "/layers/test_witness/seen/facts"]\\ndefault = true\\n' >"$1/launch.toml"
[ ! -e /slipway ] || echo "SEES THE JOB"
cat /proc/*/environ 2>/dev/null || true
echo witnessed`,
};

const SECRET = 'canary-5d10';

describe('slipway build in a container of a real engine', () => {
  it('is a chroot for root, a refusal for others, and isolated where the container allows it', async (t) => {
    await using scene = await open(t);
    if (scene === undefined) return;
    const { bed, job, inBuilder } = scene;
    const outside = await slipway(buildWords(['--output', 'oci:outside', '--quiet']), asAnother(bed));
    assert.equal(outside.code, 0, outside.stderr);
    // As far as a result line shows it.
    const expected = /sha256:[0-9a-f]{12}/.exec(outside.stdout)?.[0] ?? 'no digest';

    const root = await job('root', []);
    assert.equal(root.code, 0, root.stderr);
    assert.match(root.stderr, /^sandbox {9}chroot: own files and user/m);
    assert.match(root.stderr, /^ {16}not bubblewrap: .*(not permitted|No permissions)/m);
    assert.match(root.stderr, /^ {16}not unshare: .*not permitted/m);
    assert.match(
      root.stderr,
      /warning: buildpacks run in the builder’s files but among the processes of this container/,
    );

    const refused = await job('refused', ['--user', '1234:1234']);
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /error: no sandbox for buildpacks works on this machine {3}\[SANDBOX_UNAVAILABLE\]/);
    for (const way of [
      '--security-opt seccomp=unconfined --security-opt systempaths=unconfined',
      'securityContext {seccompProfile: {type: Unconfined}, procMount: Unmasked} and hostUsers: false',
      'runAsUser: 0',
      '--sandbox in-place',
    ])
      assert.ok(refused.stderr.includes(way), `${way} is not in\n${refused.stderr}`);

    const open_ = ['--security-opt', 'seccomp=unconfined'];
    const isolated = await job('isolated', [
      '--user',
      '1234:1234',
      ...open_,
      '--security-opt',
      'systempaths=unconfined',
    ]);
    assert.equal(isolated.code, 0, isolated.stderr);
    assert.match(isolated.stderr, /^sandbox {9}bubblewrap: own user, read-only root, network on$/m);

    const masked = await job('masked', ['--user', '1234:1234', ...open_]);
    assert.equal(masked.code, 0, masked.stderr);
    assert.match(masked.stderr, /^sandbox {9}bubblewrap: .*, this machine's processes visible$/m);
    assert.match(masked.stderr, /^ {16}not bubblewrap: .*proc/m);

    for (const { stderr } of [root, isolated, masked])
      assert.equal(stderr.includes('SEES THE JOB') || stderr.includes(SECRET), false, stderr);

    const inPlace = await inBuilder('in-place');
    assert.equal(inPlace.code, 0, inPlace.stderr);
    assert.match(inPlace.stderr, /^sandbox {9}in-place: no isolation but that of this container/m);
    assert.match(inPlace.stderr, /warning: buildpacks run in this container as it is, which must be the builder image/);

    for (const { stdout } of [root, isolated, masked, inPlace]) assert.ok(stdout.includes(expected), stdout);
  });
});

interface Scene extends AsyncDisposable {
  readonly bed: BuilderBed;
  /** A build in a container of the job's image that was started with those options. */
  readonly job: (output: string, options: readonly string[]) => Promise<ProgramResult>;
  /** A build in a container of the builder image itself, as its user. */
  readonly inBuilder: (output: string) => Promise<ProgramResult>;
}

async function open(t: TestContext): Promise<Scene | undefined> {
  if (process.getuid?.() !== 0 || findTool('dockerd') === undefined || findTool('docker') === undefined) {
    missingPeer(t, 'dockerd needs root and to be installed');
    return undefined;
  }
  const bed = await builderBed(t, { buildpacks: [WITNESS] });
  if (bed === undefined) return undefined;
  const { directory } = bed.fixture;
  const root = jobRoot(t, join(directory, 'job'));
  const daemon = root === undefined ? undefined : await startDockerd(t, join(directory, 'dockerd'));
  if (root === undefined || daemon === undefined) return undefined;
  const docker = ['docker', '--host', `unix://${daemon.socket}`];
  importImage(docker, root, 'job');
  const run = (output: string, options: readonly string[], command: readonly string[]): Promise<ProgramResult> => {
    const out = openDirectory(directory, 'out', output);
    // Neither the daemon's folder nor the job's may be seen (sandbox.md): only what a job has.
    const mounts = ['app', 'builder', 'run'].flatMap((name) => ['-v', `${join(directory, name)}:/work/${name}:ro`]);
    const given = ['-e', 'HOME=/work/out/home', '-e', `SECRET=${SECRET}`, '-v', `${out}:/work/out`, '-w', '/work'];
    const words = ['run', '--rm', '--network', 'none', ...options, ...mounts, ...given, ...command];
    return finished(spawn('docker', [...docker.slice(1), ...words]));
  };
  return {
    bed,
    job: (output, options) => {
      const program = ['/bin/node', '/slipway/dist/bin/slipway.js'];
      return run(output, options, ['job', ...program, ...buildWords(['--output', 'oci:out/image'])]);
    },
    inBuilder: async (output) => {
      const archive = join(directory, 'builder.tar');
      const copied = await slipway(
        ['image', 'copy', 'oci:builder', `docker-archive:${archive}:builder:1`],
        bed.options,
      );
      assert.equal(copied.code, 0, copied.stderr);
      peer('docker', [...docker.slice(1), 'load', '-i', archive]);
      const node = ['/job/lib64/ld-linux-x86-64.so.2', '--library-path', '/job/lib', '/job/bin/node'];
      const words = ['build', 'shop', '--path', 'app', '--sandbox', 'in-place', '--output', 'oci:out/image'];
      return run(
        output,
        ['--user', '1001:1002', '-v', `${root}:/job:ro`],
        ['builder:1', ...node, '/job/slipway/dist/bin/slipway.js', ...words],
      );
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}
