import { limitLines, type SandboxLimits, STARTER } from './limits.ts';
import { quoted } from './shell-words.ts';

/** A command that comes to its environment only inside its own root. */
export interface Entering {
  /** Variables for the programs that set the sandbox up: every value under a name that means nothing to them. */
  readonly carried: Readonly<Record<string, string>>;
  /** The root's own shell, which takes them over, sets the limits and becomes the command. */
  readonly argv: readonly string[];
}

/**
 * The environment of a command, LD_PRELOAD and all, must not reach programs of this machine that run before it, and its values must
 * not show in the process list. So values travel under neutral names and the root's own /bin/sh gives them their own: it has to have
 * one. Names that sh cannot have go through `env`, whose arguments are visible for the moment until it becomes the command.
 */
export function enterCommand(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  limits: SandboxLimits = {},
  cwd?: string,
): Entering {
  const variables = Object.entries(env).map(([name, value], index) => ({ name, value, at: String(index) }));
  const plain = variables.filter(({ name }) => isShellName(name));
  const odd = variables.filter(({ name }) => !isShellName(name));
  const unset = ['PATH', 'PWD', 'OLDPWD', 'SHLVL'].filter((name) => !(name in env));
  const lines = [
    ...limitLines(limits).map((line) => `${line} || exit 126`),
    ...odd.map(({ at }) => `slipway_${at}=$${CARRIED}${at}; unset ${CARRIED}${at}`),
    ...plain.map(({ name, at }) => `export ${name}="$${CARRIED}${at}"; unset ${CARRIED}${at}`),
    ...(cwd === undefined ? [] : [`cd ${quoted(cwd)} || exit 126`]),
    `unset ${unset.join(' ')} 2>/dev/null`,
    odd.length === 0
      ? 'exec "$@"'
      : `for e in /usr/bin/env /bin/env; do [ -x $e ] && break; done; exec $e -- ${odd.map(({ name, at }) => `${quoted(name)}="$slipway_${at}"`).join(' ')} "$@"`,
  ];
  return {
    carried: Object.fromEntries(variables.map(({ at, value }) => [`${CARRIED}${at}`, value])),
    argv: ['/bin/sh', '-c', lines.join('\n'), STARTER, ...argv],
  };
}

const CARRIED = 'SLIPWAY_CARRIED_';

/** bash lets nobody set the last ones. */
function isShellName(name: string): boolean {
  return (
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
    !['UID', 'EUID', 'PPID', 'BASHOPTS', 'SHELLOPTS', 'BASH_VERSINFO', 'IFS', 'PWD'].includes(name)
  );
}
