/**
 * An interactive shell with job control in a process namespace of its own. bash manages there by itself. Other shells want to give the
 * terminal back to the process group that had it, which has no number in there, and would end with an error of theirs in the place of
 * the exit code: so one shell makes a group that has a number, and the one that people see is in that.
 */
const SCRIPT = `[ -x /bin/bash ] && exec /bin/bash -i
[ -n "$BASH_VERSION" ] && exec /bin/sh -i
exec 4>&1
c=$(/bin/sh -mc '/bin/sh -i >&4 4>&- 3>&-; echo $? >&3; exec 2>/dev/null' 3>&1)
exit "\${c:-1}"`;

export const SHELL_ARGV: readonly [string, ...string[]] = ['/bin/sh', '-c', SCRIPT, 'slipway-shell'];
