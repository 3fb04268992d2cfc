import { planRoot } from './root-plan.ts';
import { isWithin, type TreeEntry } from './root-tree.ts';
import type { Mount, SandboxRequest, SandboxUser } from './sandbox.ts';

/** How the sandbox is set up on this machine: found by probing. */
export interface BubblewrapSetup {
  /**
   * `namespace`: a user namespace maps this process's ids to the wanted ones.
   * `setpriv`: root sets everything up and setpriv then becomes the wanted user.
   */
  readonly user: 'namespace' | 'setpriv';
  /** `bound`: this machine's /proc, where a container forbids a fresh one. */
  readonly proc: 'fresh' | 'bound';
}

/** bubblewrap's options, without the command. `hidden` are absolute paths. */
export async function bubblewrapArguments(
  request: SandboxRequest,
  setup: BubblewrapSetup,
  hidden: readonly string[],
): Promise<readonly string[]> {
  const { tree, home, hasVarTmp, mounts } = await planRoot(request, hidden);
  // Root made the directories, somebody else uses them.
  const shared = setup.user === 'setpriv' ? '1777' : '0700';
  return [
    ...namespaces(request, setup),
    '--clearenv',
    ...Object.entries(request.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--perms', '0755', '--tmpfs', '/'],
    ...tree.flatMap(treeArguments),
    ...(setup.proc === 'fresh' ? ['--proc', '/proc'] : ['--ro-bind', '/proc', '/proc']),
    ...[
      '--dev',
      '/dev',
      '--perms',
      '1777',
      ...tmpSize(request),
      '--tmpfs',
      '/dev/shm',
      '--perms',
      '1777',
      ...tmpSize(request),
      '--tmpfs',
      '/tmp',
    ],
    ...(hasVarTmp ? ['--perms', '1777', ...tmpSize(request), '--tmpfs', '/var/tmp'] : []),
    ...(home === undefined ? [] : [...parentArguments(home), '--perms', shared, ...tmpSize(request), '--tmpfs', home]),
    ...mounts.flatMap((mount, index) => [
      ...parentArguments(mount.target, mounts.slice(0, index)),
      ...[mount.writable ? '--bind' : '--ro-bind', mount.source, mount.target],
    ]),
    // What is private and has no limit of its size is nobody's to write to.
    ...['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', request.cwd],
  ];
}

function tmpSize({ limits }: SandboxRequest): readonly string[] {
  return limits?.temporaryBytes === undefined ? [] : ['--size', String(limits.temporaryBytes)];
}

/** The ids that the command has, as seen from outside. */
function namespaces(request: SandboxRequest, setup: BubblewrapSetup): readonly string[] {
  // Without a session of its own a command could type into the terminal (TIOCSTI, where the kernel still has it), which is the point of
  // an interactive one: that gets a pseudo-terminal where `script` is installed, so that all it can reach is that.
  const session = request.isInteractive === true ? [] : ['--new-session'];
  const common = ['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--die-with-parent', ...session];
  const network = request.network === 'none' ? ['--unshare-net'] : [];
  if (setup.user === 'setpriv') {
    const needed = request.user === undefined ? [] : ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'];
    return [...common, ...network, '--cap-drop', 'ALL', ...needed.flatMap((name) => ['--cap-add', name])];
  }
  const ids = request.user === undefined ? [] : idArguments(request.user);
  return ['--unshare-user', ...ids, ...common, ...network, '--cap-drop', 'ALL'];
}

function idArguments(user: SandboxUser): readonly string[] {
  return ['--uid', String(user.uid), '--gid', String(user.gid)];
}

/** bubblewrap would make the directories above a mount point for its own user only. Those inside an earlier mount are its own. */
function parentArguments(path: string, earlier: readonly Mount[] = []): readonly string[] {
  const parts = path.split('/').slice(1, -1);
  const parents = parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
  return parents
    .filter((parent) => !earlier.some((mount) => isWithin(parent, mount.target)))
    .flatMap((parent) => ['--perms', '0755', '--dir', parent]);
}

function treeArguments(entry: TreeEntry): readonly string[] {
  switch (entry.kind) {
    case 'bind':
      return ['--ro-bind-try', entry.source, entry.path];
    case 'symlink':
      return ['--symlink', entry.target, entry.path];
    case 'directory':
      return ['--perms', '0755', '--dir', entry.path];
    case 'cover-directory':
      return ['--perms', '0755', '--tmpfs', entry.path];
    case 'cover-file':
      return ['--ro-bind', '/dev/null', entry.path];
  }
}
