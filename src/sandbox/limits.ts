/** What a command may use. Each is left out where it does not matter; `limitNotes` says what a strategy cannot keep. */
export interface SandboxLimits {
  readonly wallMs?: number;
  /** Memory of each process that it can write to. Address space that is only reserved, as Node and Java do by the gigabyte, is free. */
  readonly memoryBytes?: number;
  /** Processes and threads at one time. */
  readonly processes?: number;
  /** Size of every file that is written. */
  readonly fileSizeBytes?: number;
  /** Size of the private /tmp, where a strategy has one in memory. */
  readonly temporaryBytes?: number;
}

/** `$0` of our shell lines inside: their messages begin with it. */
export const STARTER = 'slipway-start';

/** Shell commands that set the limits for the shell and what it becomes. Lines differ: dash knows -p for what others call -u. */
export function limitLines(limits: SandboxLimits): readonly string[] {
  const { memoryBytes, processes, fileSizeBytes } = limits;
  return [
    ...(memoryBytes === undefined ? [] : [`ulimit -d ${blocks(memoryBytes, 1024)}`]),
    ...(fileSizeBytes === undefined ? [] : [`ulimit -f ${blocks(fileSizeBytes, 512)}`]),
    ...(processes === undefined
      ? []
      : [`ulimit -u ${String(processes)} 2>/dev/null || ulimit -p ${String(processes)}`]),
  ];
}

/** The command behind a shell that sets the limits first; as it is when there are none. The root needs a /bin/sh. */
export function limitedArgv(
  argv: readonly [string, ...string[]],
  limits: SandboxLimits = {},
): readonly [string, ...string[]] {
  const lines = limitLines(limits);
  if (lines.length === 0) return argv;
  return ['/bin/sh', '-c', [...lines.map((line) => `${line} || exit 126`), 'exec "$@"'].join('\n'), STARTER, ...argv];
}

/** What a strategy can do about limits, apart from time, which always works. */
export interface LimitPowers {
  /** Processes are counted for this command alone, not for all of the user's. */
  readonly countsOwnProcesses: boolean;
  readonly sizesTmp: boolean;
}

/** For each limit that is not, or not exactly, kept: what that means. For the log and for `slipway doctor`. */
export function limitNotes(limits: SandboxLimits, powers: LimitPowers): readonly string[] {
  const notes: string[] = [];
  if (limits.memoryBytes !== undefined) notes.push('memory is limited for each process, not for all of them together');
  if (limits.processes !== undefined && !powers.countsOwnProcesses) {
    notes.push('the limit of processes counts everything that their user runs on this machine');
  }
  if (limits.fileSizeBytes !== undefined) notes.push('each file is limited, not the space that all of them take');
  if (limits.temporaryBytes !== undefined && !powers.sizesTmp) notes.push('/tmp has no limit of its own');
  return notes;
}

/** bash, not in POSIX mode, counts `-f` in kilobytes: half as strict, never stricter than asked. */
function blocks(bytes: number, size: number): string {
  return String(Math.ceil(bytes / size));
}
