/** Runs at most `limit` tasks at once, in the order given. */
export interface Limiter {
  readonly limit: number;
  readonly run: <T>(task: () => Promise<T>) => Promise<T>;
}

export function createLimiter(limit: number): Limiter {
  let active = 0;
  const waiting: (() => void)[] = [];
  /** The place goes straight to who waits longest: nobody who asks at this moment can take it. */
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) active -= 1;
    else next();
  };
  return {
    limit,
    run: async (task) => {
      if (active >= limit) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      } else {
        active += 1;
      }
      try {
        return await task();
      } finally {
        release();
      }
    },
  };
}
