/** What a command may use. Each is left out where it does not matter. */
export interface SandboxLimits {
  readonly wallMs?: number;
  /**
   * Memory of all processes of a command where a cgroup of this machine can be had, else of each process: what it can write to. Address
   * space that is only reserved, as Node and Java do by the gigabyte, is free.
   */
  readonly memoryBytes?: number;
  /** Processes and threads at one time. */
  readonly processes?: number;
  /** Size of every file that is written. */
  readonly fileSizeBytes?: number;
  /** Size of each private file system in memory, where a strategy has such: /tmp, /var/tmp, HOME. */
  readonly temporaryBytes?: number;
  /** What it may add to its writable mounts and our temporary directory while it runs. */
  readonly diskBytes?: number;
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

/** bash, not in POSIX mode, counts `-f` in kilobytes: half as strict, never stricter than asked. */
function blocks(bytes: number, size: number): string {
  return String(Math.ceil(bytes / size));
}
