import { fstatSync, write } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import type { StandardStreams } from '../ports/standard-streams.ts';

const INPUT = 0;
const OUTPUT = 1;
const writeAt = promisify(write);

/** This process's standard input and output for archives; neither is touched before it is read or written. */
export function standardStreams(): StandardStreams {
  return {
    input: {
      isTerminal: () => isatty(INPUT),
      read: (signal) => addAbortSignal(signal, process.stdin),
    },
    output: { isTerminal: () => isatty(OUTPUT), write: writeOutput },
  };
}

async function writeOutput(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  // Node's stream for a file may drop what does not fit on a full disk; a pipe must not be written to from a thread that would block.
  const stat = fstatSync(OUTPUT);
  const put = stat.isFile() || stat.isCharacterDevice() ? putFile : openPipe();
  for await (const chunk of chunks) await put(chunk, signal);
}

type Put = (chunk: Uint8Array, signal: AbortSignal) => Promise<void>;

const putFile: Put = async (chunk) => {
  for (let offset = 0; offset < chunk.byteLength;)
    offset += (await writeAt(OUTPUT, chunk, offset, chunk.byteLength - offset, undefined)).bytesWritten;
};

function openPipe(): Put {
  const { stdout } = process;
  // A reader that goes away is a failed output now: others are still written, and temporary files removed.
  stdout.removeAllListeners('error');
  stdout.on('error', () => undefined);
  return (chunk, signal) =>
    new Promise((done, fail) => {
      const stop = (): void => fail(new Error('stopped', { cause: signal.reason }));
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      stdout.write(chunk, (error) => {
        signal.removeEventListener('abort', stop);
        if (error === null || error === undefined) done();
        else fail(error);
      });
    });
}
