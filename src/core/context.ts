import type { Clock } from './clock.ts';
import type { Emit } from './events.ts';
import type { Limiter } from './limiter.ts';

/** Who we say we are in labels and version output. Golden comparisons set these to the recorded values. */
export interface Product {
  readonly version: string;
  readonly commit: string;
  readonly repository: string;
}

/** What every function below may need besides its subjects. Passed last but one, before options (style §4). */
export interface Context {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly emit: Emit;
  /** An existing private directory for temporary files; its owner removes it. */
  readonly tmp: string;
  /** Shared limit for network and copy work (default 4). Never held while waiting for another task of the same limiter. */
  readonly limiter: Limiter;
  readonly product: Product;
}
