/** Exit code of a program whose reader went away, as a shell gives it: 128 + SIGPIPE. */
export const READER_GONE = 141;

/**
 * The process's standard input and output as places for one archive each: `-` as FILE (design §1.1). The command line provides them;
 * a library's caller may bring streams of its own, or none.
 */
export interface StandardStreams {
  readonly input: StandardInput;
  readonly output: StandardOutput;
}

export interface StandardInput {
  readonly isTerminal: () => boolean;
  /** All of the input; may be called once. Ends with the signal's reason when that aborts. Throws system errors as they come. */
  readonly read: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

export interface StandardOutput {
  readonly isTerminal: () => boolean;
  /**
   * Writes every chunk before the next is asked for, and returns when the last was taken: bytes may be reused then. Throws system
   * errors as they come: `EPIPE` when the reader went away.
   */
  readonly write: (chunks: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<void>;
}
