import type { Clock } from '../../src/core/clock.ts';
import type { Terminal } from '../../src/term/terminal.ts';

/** A terminal that keeps what was written, and a clock that a test moves by hand. */
export interface Screen {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly advance: (ms: number) => void;
  readonly out: () => string;
  readonly err: () => string;
}

export function createScreen(
  facts: { readonly color?: boolean; readonly unicode?: boolean; readonly columns?: number } = {},
): Screen {
  let [out, err, now] = ['', '', 0];
  return {
    terminal: {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      columns: facts.columns ?? 80,
      color: facts.color ?? false,
      unicode: facts.unicode ?? true,
    },
    clock: { now: () => new Date(Date.UTC(2026, 0, 1) + now), monotonicMs: () => now },
    advance: (ms) => void (now += ms),
    out: () => out,
    err: () => err,
  };
}
