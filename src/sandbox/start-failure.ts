/**
 * Tells the messages of the programs that set a sandbox up from the output of the command itself: what comes first on stderr and
 * begins like one of theirs is held back until other output shows that the command runs.
 */
export interface StderrGate {
  /** The bytes of stderr that may be passed on now. */
  readonly onStderr: (bytes: Uint8Array) => Uint8Array;
  /** Called when there is output on stdout: whatever is held is the command's. */
  readonly onStdout: () => Uint8Array;
  /** What is still held at the end. */
  readonly held: () => Buffer;
}

export function stderrGate(): StderrGate {
  let held: Buffer | undefined = Buffer.alloc(0);
  const open = (): Buffer => {
    const bytes = held ?? Buffer.alloc(0);
    held = undefined;
    return bytes;
  };
  return {
    onStderr: (bytes) => {
      if (held === undefined) return bytes;
      held = Buffer.concat([held, bytes]);
      return mayBeOurs(held) ? Buffer.alloc(0) : open();
    },
    onStdout: open,
    held: () => held ?? Buffer.alloc(0),
  };
}

/** The reason why nothing was started, out of the held text: `bwrap: execvp /a: Permission denied` → `/a: Permission denied`. */
export function startFailure(held: Buffer): string {
  const [text = ''] = held.toString('utf8').trim().split('\n');
  return text
    .replace(/^(?:bwrap: execvp |(?:setpriv|unshare): failed to execute )/, 'cannot start ')
    .replace(SHELL_EXEC, (_, path: string, why: string) => {
      return `cannot start ${path}: ${why === 'not found' ? 'no such file or directory' : why}`;
    });
}

/** dash: `NAME: 3: exec: /a: not found`; bash: `NAME: line 3: exec: /a: not found`; busybox: `NAME: exec: line 3: /a: not found`. */
const SHELL_EXEC = /^slipway-start: (?:line )?(?:\d+: )?(?:exec: )?(?:line \d+: )?(.*): ([^:]+)$/;

const PREFIXES: readonly string[] = ['bwrap: ', 'setpriv: ', 'unshare: ', 'chroot: ', 'slipway-start: '];
const HELD_MAX_BYTES = 4096;

function mayBeOurs(bytes: Buffer): boolean {
  if (bytes.byteLength > HELD_MAX_BYTES) return false;
  const text = bytes.toString('latin1');
  return PREFIXES.some((prefix) => text.startsWith(prefix) || prefix.startsWith(text));
}
