import { bubblewrapSandbox } from './bubblewrap.ts';
import { BUILD_UMASK } from './build-umask.ts';
import { chrootSandbox } from './chroot.ts';
import { isContainer } from './container.ts';
import { crunSandbox } from './crun.ts';
import { hostSandbox } from './host.ts';
import { inPlaceSandbox } from './in-place.ts';
import type { Sandbox, SandboxRequest, SandboxRoot } from './sandbox.ts';
import { unshareSandbox } from './unshare.ts';
import { isRoot } from './user.ts';

/** What `--sandbox` takes. */
export const SANDBOX_WORDS = ['auto', 'bubblewrap', 'unshare', 'crun', 'chroot', 'in-place', 'host'] as const;

export type SandboxName = Exclude<(typeof SANDBOX_WORDS)[number], 'auto'>;

/** One way to run buildpacks, in one variant, not yet proven. */
export interface Candidate {
  readonly name: SandboxName;
  /** Name and variant, for lists of what was tried. */
  readonly title: string;
  readonly sandbox: Sandbox;
  /** True for what may be taken without being asked for: isolation, or chroot as root in a container, which is announced. */
  readonly isAutomatic: boolean;
}

export interface CandidateOptions {
  /** More absolute paths of this machine that commands must not see. */
  readonly hide?: readonly string[];
  /** Only for descriptions. */
  readonly network?: SandboxRequest['network'];
  /** bubblewrap's program; default `bwrap`. */
  readonly program?: string;
  /** What commands will run in; default: this machine's own root. */
  readonly root?: SandboxRoot;
}

/** From the strongest to the weakest (sandbox.md §1, §4): a container may forbid a fresh /proc, or mounts without a user namespace. */
export function candidates(options: CandidateOptions = {}): readonly Candidate[] {
  const users = isRoot() ? (['root', 'namespace'] as const) : (['namespace'] as const);
  const setups = users.flatMap((user) => (['fresh', 'bound'] as const).map((proc) => ({ user, proc })));
  const isForeign = options.root?.kind === 'directory';
  return [
    ...setups.map(({ user, proc }): Candidate => {
      const setup = { user: user === 'root' ? 'setpriv' : user, proc } as const;
      const sandbox = bubblewrapSandbox({ ...options, setup });
      return { name: 'bubblewrap', title: titleOf('bubblewrap', user, proc), sandbox, isAutomatic: true };
    }),
    ...setups.map(({ user, proc }): Candidate => {
      const sandbox = unshareSandbox({ ...foreignOptions(options), setup: { user, proc } });
      return { name: 'unshare', title: titleOf('unshare', user, proc), sandbox, isAutomatic: true };
    }),
    ...users.map((user): Candidate => {
      const sandbox = crunSandbox({ ...foreignOptions(options), setup: { user } });
      return { name: 'crun', title: titleOf('crun', user, 'fresh'), sandbox, isAutomatic: true };
    }),
    ...(isForeign
      ? [
          {
            name: 'chroot',
            title: 'chroot',
            sandbox: chrootSandbox(),
            isAutomatic: isRoot() && isContainer(),
          } as const,
        ]
      : []),
    { name: 'in-place', title: 'in-place', sandbox: inPlaceSandbox({ umask: BUILD_UMASK }), isAutomatic: false },
    { name: 'host', title: 'host', sandbox: hostSandbox({ umask: BUILD_UMASK }), isAutomatic: false },
  ];
}

function foreignOptions({ hide, network }: CandidateOptions): Pick<CandidateOptions, 'hide' | 'network'> {
  return { ...(hide === undefined ? {} : { hide }), ...(network === undefined ? {} : { network }) };
}

function titleOf(name: SandboxName, user: 'root' | 'namespace', proc: 'fresh' | 'bound'): string {
  const how = user === 'root' ? 'as root, then another user' : 'in a user namespace';
  return proc === 'fresh' ? `${name}, ${how}` : `${name}, ${how}, with this machine's /proc`;
}
