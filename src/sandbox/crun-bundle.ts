import { type SandboxLimits, STARTER } from './limits.ts';
import type { MountStep } from './skeleton.ts';
import type { SandboxRequest, SandboxUser } from './sandbox.ts';

/** What a bundle's config says beside the request. */
export interface BundleSetup {
  readonly directory: string;
  readonly steps: readonly MountStep[];
  readonly user: SandboxUser;
  /** By a user namespace inside ours, in which one id is mapped; else the runtime becomes the user itself. */
  readonly isMapped: boolean;
}

/**
 * The config.json of an OCI bundle (https://github.com/opencontainers/runtime-spec/blob/main/config.md). The first process is
 * the root's own shell: a command that were it could not die by its own signals, and crun would wait for what it leaves behind.
 */
export function bundleConfig(request: SandboxRequest, setup: BundleSetup): string {
  const { uid, gid } = setup.user;
  const namespaces = ['mount', 'pid', 'ipc', 'uts', ...(setup.isMapped ? ['user'] : [])];
  const config = {
    ociVersion: '1.0.0',
    process: {
      terminal: false,
      user: { uid, gid, umask: 0o022 },
      args: ['/bin/sh', '-c', INIT, STARTER, ...request.argv],
      env: Object.entries(request.env).map(([name, value]) => `${name}=${value}`),
      cwd: request.cwd,
      noNewPrivileges: true,
      capabilities: {},
      rlimits: rlimits(request.limits),
    },
    root: { path: setup.directory, readonly: true },
    mounts: setup.steps.flatMap((step) => mounts(step, setup, request.limits)),
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      ...(setup.isMapped ? { uidMappings: [oneId(uid)], gidMappings: [oneId(gid)] } : {}),
    },
  };
  return JSON.stringify(config);
}

/** Messages of this shell about the end of the command are nobody's. */
const INIT = 'exec 5>&2 2>/dev/null; (exec "$@" 2>&5 5>&-); exit $?';

interface BundleMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** The runtime runs as root of our own namespace. */
function oneId(id: number): Readonly<Record<string, number>> {
  return { containerID: id, hostID: 0, size: 1 };
}

function rlimits(limits: SandboxLimits = {}): readonly object[] {
  const { memoryBytes, processes, fileSizeBytes } = limits;
  const wanted = { RLIMIT_DATA: memoryBytes, RLIMIT_NPROC: processes, RLIMIT_FSIZE: fileSizeBytes };
  return Object.entries(wanted).flatMap(([type, limit]) =>
    limit === undefined ? [] : [{ type, soft: limit, hard: limit }],
  );
}

function mounts(step: MountStep, setup: BundleSetup, limits: SandboxLimits = {}): readonly BundleMount[] {
  switch (step.kind) {
    case 'bind': {
      const options = ['rbind', ...(step.writable ? ['rw'] : ['ro']), ...step.flags];
      const bound = { destination: step.target, type: 'bind', source: step.source, options };
      // A bind of what came along lies over it with the right access: the runtime changes that of the outermost mount only.
      return [
        bound,
        ...step.along.map(({ source, target, flags }) => ({
          ...bound,
          destination: target,
          source,
          options: ['rbind', ...(step.writable ? ['rw'] : ['ro']), ...flags],
        })),
      ];
    }
    case 'tmpfs':
      return [{ destination: step.target, type: 'tmpfs', source: 'tmpfs', options: tmpfsOptions(step, setup, limits) }];
    case 'proc':
      return [{ destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'nodev', 'noexec'] }];
    case 'dev':
      return devices(limits);
  }
}

function tmpfsOptions(
  step: MountStep & { kind: 'tmpfs' },
  { user }: BundleSetup,
  limits: SandboxLimits,
): readonly string[] {
  const size = limits.temporaryBytes === undefined ? [] : [`size=${String(limits.temporaryBytes)}`];
  const access = {
    everybody: ['mode=1777', ...size],
    command: ['mode=700', `uid=${String(user.uid)}`, `gid=${String(user.gid)}`, ...size],
    nobody: ['mode=755', 'ro'],
  }[step.access];
  return ['nosuid', 'nodev', ...access];
}

function devices({ temporaryBytes }: SandboxLimits): readonly BundleMount[] {
  const size = temporaryBytes === undefined ? [] : [`size=${String(temporaryBytes)}`];
  return [...DEVICES, { ...SHARED_MEMORY, options: [...SHARED_MEMORY.options, ...size] }];
}

const DEVICES: readonly BundleMount[] = [
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'ro'] },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
  },
];

const SHARED_MEMORY: BundleMount = {
  destination: '/dev/shm',
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['nosuid', 'nodev', 'mode=1777'],
};
