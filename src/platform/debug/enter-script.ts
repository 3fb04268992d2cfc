import { quoted } from '../../sandbox/shell-words.ts';

/** The sh program that is kept beside a failed step. It finds slipway where it was, else on PATH, and its directory where it lies. */
export function enterScript(program: readonly string[], about: string): string {
  const [interpreter = '', script = ''] = program;
  return `#!/bin/sh
# ${about.replaceAll('\n', ' ')}
#
#   enter.sh                      a shell there (needs a terminal)
#   enter.sh --run                the failed step again
#   enter.sh --command 'ls -l'    any command there
#
# failure.txt says what happened; step.json is what this reads.
directory=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
interpreter=${quoted(interpreter)} script=${quoted(script)}
if [ -x "$interpreter" ] && [ -f "$script" ]; then exec "$interpreter" "$script" debug "$directory" "$@"; fi
command -v slipway >/dev/null 2>&1 && exec slipway debug "$directory" "$@"
echo "enter.sh: slipway is neither where it was nor on PATH" >&2
exit 127
`;
}
