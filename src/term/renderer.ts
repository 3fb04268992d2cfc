import type { Emit } from '../core/events.ts';

/** What ended the command. */
interface Failure {
  readonly error: unknown;
  readonly exitCode: number;
}

/** Events in, text out. Nothing else in the program prints. */
export interface Renderer {
  readonly emit: Emit;
  /** The error that ends the command; the last thing shown. */
  readonly fail: (failure: Failure) => void;
  /** Called several times a second while the command runs: redraws what is live, shows that long steps move. */
  readonly tick: () => void;
  /** Clears what is live; safe to call twice. */
  readonly close: () => void;
}
