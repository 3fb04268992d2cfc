import type { Finding, Verdict } from './finding.ts';

/** What the kernel and the container say about namespaces; undefined: they do not say. */
export interface NamespaceFacts {
  readonly isContainer: boolean;
  /** `kernel.unprivileged_userns_clone`, of Debian's kernels. */
  readonly unprivilegedClone: string | undefined;
  /** `user.max_user_namespaces`. */
  readonly maxUserNamespaces: string | undefined;
  /** `kernel.apparmor_restrict_unprivileged_userns`, of Ubuntu's kernels. */
  readonly appArmorRestriction: string | undefined;
  /** `Seccomp` of /proc/self/status: 0 none, 1 strict, 2 a filter. */
  readonly seccomp: string | undefined;
  /** `NoNewPrivs` of /proc/self/status. */
  readonly noNewPrivs: string | undefined;
  /** Why an overlay could not be mounted in a user namespace; undefined: it could. */
  readonly overlayProblem: string | undefined;
}

/** The settings that decide whether user namespaces can be had. What counts is whether a sandbox works: they are why not. */
export function judgeNamespaces(
  facts: NamespaceFacts,
  { isSandboxed }: { readonly isSandboxed: boolean },
): readonly Finding[] {
  const blamed: Verdict = isSandboxed ? 'note' : 'warn';
  const findings: Finding[] = [];
  const setting = (name: string, value: string | undefined, forbidding: string, remedy: string): void => {
    if (value === undefined) return;
    const isForbidding = value === forbidding;
    findings.push({
      area: 'namespaces',
      name,
      verdict: isForbidding ? blamed : 'ok',
      found: isForbidding ? `${value}: user namespaces are forbidden` : value,
      ...(isForbidding && !isSandboxed ? { remedy } : {}),
    });
  };
  setting(
    'kernel.unprivileged_userns_clone',
    facts.unprivilegedClone,
    '0',
    'sysctl -w kernel.unprivileged_userns_clone=1',
  );
  setting('user.max_user_namespaces', facts.maxUserNamespaces, '0', 'sysctl -w user.max_user_namespaces=10000');
  setting(
    'kernel.apparmor_restrict_unprivileged_userns',
    facts.appArmorRestriction,
    '1',
    'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap',
  );
  const fact = (name: string, found: string): void =>
    void findings.push({ area: 'namespaces', name, verdict: 'note', found });
  fact('container', facts.isContainer ? 'this is one' : 'none seen');
  if (facts.seccomp !== undefined) fact('seccomp', facts.seccomp === '0' ? 'no filter' : 'a filter is on');
  if (facts.noNewPrivs === '1') fact('no new privileges', 'on: newuidmap and other setuid programs cannot help');
  findings.push({
    area: 'namespaces',
    name: 'overlay',
    verdict: facts.overlayProblem === undefined ? 'ok' : 'note',
    found: facts.overlayProblem ?? 'can be mounted in a user namespace; builds do not need it',
  });
  return findings;
}
