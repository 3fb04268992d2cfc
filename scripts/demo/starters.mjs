// The ways to start a container from an unpacked root or from the docker tar, best first. Each is tried for real before it is chosen:
// most failures are policy, not absence.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PROBE_MS = 20_000;
const isRoot = process.getuid?.() === 0;
const [UID, GID] = ['1000', '1000'];

/**
 * `{name, command(container)}` of the best way that works here, or of the asked one; `refused` says why the better ones do not.
 * A container is `{root, archive, image, argv, env, cwd, bundle}`.
 */
export function chooseStarter(probe, asked) {
  const refused = [];
  for (const starter of STARTERS) {
    if (asked !== undefined && starter.name !== asked) continue;
    const reason = tryStarter(starter, probe);
    if (reason === undefined) return { starter, refused };
    refused.push(`${starter.name}: ${reason}`);
  }
  return { starter: undefined, refused };
}

/** A child process that is the container; its output comes over pipes. */
export function startContainer(starter, container) {
  const { command, env } = starter.command(container);
  return spawn(programPath(command[0]), command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A program by its absolute path, since the container's PATH is not this machine's. */
function programPath(name) {
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, name)).find(existsSync) ?? name;
}

function tryStarter(starter, probe) {
  if (starter.refuse !== undefined) {
    const reason = starter.refuse();
    if (reason !== undefined) return reason;
  }
  try {
    starter.prepare?.(probe);
    const { command, env } = starter.command({ ...probe, argv: ['/bin/sh', '-c', 'exit 42'] });
    const result = spawnSync(programPath(command[0]), command.slice(1), { env, encoding: 'utf8', timeout: PROBE_MS });
    if (result.error?.code === 'ENOENT') return 'not installed';
    if (result.error !== undefined) return result.error.message;
    return result.status === 42 ? undefined : firstLine(result.stderr) || `a trial ended with ${result.status}`;
  } catch (error) {
    return firstLine(error.message);
  }
}

const bubblewrap = (name, proc) => ({
  name,
  command: ({ root, argv, env, cwd }) => ({
    command: [
      ...['bwrap', '--unshare-user', '--uid', UID, '--gid', GID, '--unshare-pid', '--unshare-ipc', '--die-with-parent'],
      ...['--ro-bind', root, '/', ...proc, '--dev', '/dev'],
      // Images of an unmapped sandbox may have their layers below /tmp.
      ...((env.CNB_LAYERS_DIR ?? '').startsWith('/tmp/') ? [] : ['--tmpfs', '/tmp']),
      ...['--clearenv', ...Object.entries(env).flatMap(([key, value]) => ['--setenv', key, value])],
      ...['--chdir', cwd, ...argv],
    ],
    env: process.env,
  }),
});

/** An engine that loads the docker tar. `before` and `options`: what it needs to start a container. */
const engine = (name, program, { before = [], options = [] } = {}) => ({
  name,
  prepare: ({ archive }) => {
    const loaded = spawnSync(program, ['load', '--input', archive], { encoding: 'utf8', timeout: 120_000 });
    if (loaded.error?.code === 'ENOENT') throw new Error('not installed');
    if (loaded.status !== 0) throw new Error(loaded.stderr || loaded.error?.message || 'load failed');
  },
  command: ({ image, argv, env }) => ({
    command: [
      ...[program, ...before, 'run', '--rm', '--network', 'host', ...options, '--entrypoint', argv[0]],
      ...['PORT', 'HOST'].flatMap((key) => (env[key] === undefined ? [] : ['--env', `${key}=${env[key]}`])),
      ...[image, ...argv.slice(1)],
    ],
    env: process.env,
  }),
});

const crun = {
  name: 'crun',
  command: (container) => {
    rmSync(container.bundle, { recursive: true, force: true });
    mkdirSync(container.bundle, { recursive: true });
    writeFileSync(join(container.bundle, 'config.json'), JSON.stringify(runtimeConfig(container)));
    const state = join(container.bundle, 'state');
    return {
      command: [
        ...['crun', '--cgroup-manager', 'disabled', '--root', state, 'run', '--bundle', container.bundle],
        `slipway-demo-${process.pid}-${Date.now()}`,
      ],
      env: process.env,
    };
  },
};

const unshare = {
  name: 'unshare',
  command: ({ root, argv, env, cwd }) => ({
    command: ['unshare', '--map-user', UID, '--map-group', GID, '--mount', '--root', root, '--wd', cwd, ...argv],
    env,
  }),
};

const chroot = {
  name: 'chroot',
  refuse: () => (isRoot ? undefined : 'needs root'),
  command: ({ root, argv, env }) => ({ command: ['chroot', `--userspec=${UID}:${GID}`, root, ...argv], env }),
};

const STARTERS = [
  bubblewrap('bubblewrap', ['--proc', '/proc']),
  bubblewrap('bubblewrap, with the machine’s /proc', ['--ro-bind', '/proc', '/proc']),
  crun,
  engine('podman', 'podman'),
  engine('podman with runc', 'podman', {
    before: ['--runtime', 'runc'],
    options: ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
  }),
  engine('docker', 'docker'),
  unshare,
  chroot,
];

export const STARTER_NAMES = STARTERS.map(({ name }) => name);

/** A minimal OCI runtime config: own mounts and processes, the machine's network. */
function runtimeConfig({ root, argv, env, cwd }) {
  const ids = (host) => [{ containerID: 1000, hostID: host, size: 1 }];
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: Number(UID), gid: Number(GID) },
      args: argv,
      env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      cwd,
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    ],
    linux: {
      namespaces: [{ type: 'pid' }, { type: 'ipc' }, { type: 'mount' }, { type: 'user' }],
      uidMappings: ids(process.getuid()),
      gidMappings: ids(process.getgid()),
    },
  };
}

function firstLine(text) {
  return (text ?? '').trim().split('\n')[0] ?? '';
}
