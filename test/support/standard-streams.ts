import type { StandardStreams } from '../../src/ports/standard-streams.ts';

export interface TestStreams extends StandardStreams {
  /** What was written. */
  readonly written: () => Buffer;
}

/** Standard streams in memory: an input of these chunks (default: none), an output that keeps what it is given or fails. */
export function standardStreams(
  options: {
    readonly isTerminal?: boolean;
    readonly input?: AsyncIterable<Uint8Array>;
    /** Thrown by the output after its first chunk. */
    readonly failure?: Error;
  } = {},
): TestStreams {
  const chunks: Buffer[] = [];
  const isTerminal = (): boolean => options.isTerminal ?? false;
  return {
    input: { isTerminal, read: () => options.input ?? empty() },
    output: {
      isTerminal,
      write: async (source) => {
        for await (const chunk of source) {
          chunks.push(Buffer.from(chunk));
          if (options.failure !== undefined) throw options.failure;
        }
      },
    },
    written: () => Buffer.concat(chunks),
  };
}

async function* empty(): AsyncGenerator<Uint8Array, void, undefined> {
  // Nothing.
}
