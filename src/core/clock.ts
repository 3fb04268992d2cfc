/** Time as the program sees it; the only place that may ask the machine. */
export interface Clock {
  /** Wall time. */
  readonly now: () => Date;
  /** Monotonic milliseconds, for durations. */
  readonly monotonicMs: () => number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};
