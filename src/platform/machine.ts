import type { StandardStreams } from '../ports/standard-streams.ts';

/** Facts about this machine and process that only the edge may ask. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly cwd: string;
  /** Directory for temporary files. */
  readonly tmp: string;
  /** In the words of the image spec: `amd64`, `arm64`. */
  readonly architecture: string;
  /** `linux`, `darwin`, `win32`. */
  readonly platform: string;
  readonly uid: number;
  readonly gid: number;
  /** What `-` as the file of an archive is; absent: it is refused. */
  readonly standard?: StandardStreams;
  /** Writes to standard error: what `--trace-http -` asks for. Absent: that is refused. */
  readonly writeError?: (text: string) => void;
  /** Whether a person types into standard input and reads standard output; default false. */
  readonly isTerminal?: boolean;
  /** What this program was started as: interpreter and file. Only to start it again. */
  readonly program?: readonly string[];
  /** Passes output of a command on as it is. */
  readonly writeOutput?: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  /** Becomes another user for good: groups, then gid, then uid. Only root can. */
  readonly becomeUser: (uid: number, gid: number) => void;
}

/** The environment without unset variables. */
export function definedEnv(env: Machine['env']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
