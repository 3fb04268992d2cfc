import { readFile } from 'node:fs/promises';
import type { PassedOver } from '../core/events.ts';
import { isSystem } from '../core/errors.ts';
import { isContainer } from './container.ts';
import type { CandidateOptions } from './strategies.ts';
import { isRoot } from './user.ts';

/** What to change so that buildpacks can be isolated here: on the machine, or in the settings of the container. */
export async function sandboxAdvice(passedOver: readonly PassedOver[], options: CandidateOptions): Promise<string> {
  const lines = isContainer() ? containerAdvice() : await machineAdvice(passedOver);
  // A builder's buildpacks need its root: without one nothing can be said to run on the host.
  const last = options.root?.kind === 'directory' ? [] : ['or run buildpacks unprotected with --sandbox host'];
  return [...lines, ...last].join('\n');
}

/** What an engine has to allow (docs/reference/sandbox.md, proven in test/e2e/containers.test.ts). */
function containerAdvice(): readonly string[] {
  return [
    'this container may not make user namespaces. Any one of these helps:',
    '  docker, podman: --security-opt seccomp=unconfined --security-opt systempaths=unconfined',
    '  Kubernetes: securityContext {seccompProfile: {type: Unconfined}, procMount: Unmasked} and hostUsers: false',
    isRoot()
      ? '  the capability SYS_CHROOT, which buildpacks without isolation need as root'
      : '  run the job as root of its container (runAsUser: 0): a builder’s buildpacks then run in a changed root, without isolation',
    '  start the job in the builder image itself, with --sandbox in-place',
  ];
}

async function machineAdvice(passedOver: readonly PassedOver[]): Promise<readonly string[]> {
  const isMissing = passedOver.some(
    ({ strategy, reason }) => strategy === 'bubblewrap' && reason.includes('not installed'),
  );
  const settings: string[] = [];
  for (const [path, forbidding, advice] of SETTINGS) {
    if ((await read(path)) === forbidding) settings.push(advice);
  }
  return [
    ...(isMissing ? ['install bubblewrap'] : []),
    ...settings,
    ...(isMissing || settings.length > 0 ? [] : ['allow user namespaces, and install bubblewrap']),
  ];
}

/** Settings of the kernel that forbid user namespaces. */
const SETTINGS: readonly (readonly [path: string, forbidding: string, advice: string])[] = [
  ['kernel/unprivileged_userns_clone', '0', 'allow user namespaces: sysctl kernel.unprivileged_userns_clone=1'],
  [
    'kernel/apparmor_restrict_unprivileged_userns',
    '1',
    'allow user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap',
  ],
  ['user/max_user_namespaces', '0', 'allow user namespaces: sysctl user.max_user_namespaces=10000'],
];

async function read(name: string): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/sys/${name}`, 'utf8')).trim();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}
