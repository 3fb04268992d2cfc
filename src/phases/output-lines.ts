/** Splits a program's two streams into lines as they come, each stream by itself; bytes that are no UTF-8 become U+FFFD. */
export interface OutputLines {
  readonly push: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  /** Hands out what came after the last newlines. */
  readonly end: () => void;
}

/** A line longer than this is handed out in pieces, so that a program cannot fill our memory. */
const LINE_MAX_CHARACTERS = 1 << 16;

export function splitLines(onLine: (stream: 'stdout' | 'stderr', line: string) => void): OutputLines {
  const streams = {
    stdout: { decoder: new TextDecoder(), rest: '' },
    stderr: { decoder: new TextDecoder(), rest: '' },
  };
  const take = (name: 'stdout' | 'stderr', text: string): void => {
    const stream = streams[name];
    const lines = (stream.rest + text).split('\n');
    stream.rest = lines.pop() ?? '';
    for (const line of lines) onLine(name, line);
    if (stream.rest.length > LINE_MAX_CHARACTERS) {
      onLine(name, stream.rest);
      stream.rest = '';
    }
  };
  return {
    push: (name, bytes) => take(name, streams[name].decoder.decode(bytes, { stream: true })),
    end: () => {
      for (const name of ['stdout', 'stderr'] as const) {
        take(name, streams[name].decoder.decode());
        if (streams[name].rest !== '') onLine(name, streams[name].rest);
        streams[name].rest = '';
      }
    },
  };
}
