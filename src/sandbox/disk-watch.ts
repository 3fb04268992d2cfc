import { statfsSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { treeBytes, unnamedBytes } from './disk-use.ts';

/** Looks after what a command writes while it runs. */
export interface DiskWatch extends Disposable {
  /** Aborted once that is more than allowed. */
  readonly signal: AbortSignal;
}

/**
 * Watches trees: directories have no limits of their own without privileges. Once their file systems have lost more than `bytes` it is
 * measured what the trees have grown by, with files that were removed and are still open: so what others write there does not count.
 */
export async function watchDisk(paths: readonly string[], bytes: number, clock: Clock): Promise<DiskWatch> {
  const controller = new AbortController();
  const size = await treeBytes(paths);
  const before = paths.map((path) => ({ path, free: freeBytes(path) }));
  let isMeasuring = false;
  let pause = 0;
  const measure = async (): Promise<void> => {
    const start = clock.monotonicMs();
    const written = (await treeBytes(paths)) - size + (await unnamedBytes(process.pid));
    if (written > bytes) controller.abort();
    pause = Math.ceil(((clock.monotonicMs() - start) * SHARE) / INTERVAL_MS);
  };
  const timer = setInterval(() => {
    pause -= 1;
    if (isMeasuring || pause > 0 || !before.some(({ path, free }) => free - freeBytes(path) > bytes)) return;
    isMeasuring = true;
    // What cannot be measured now is measured next time.
    void measure()
      .catch(() => undefined)
      .finally(() => (isMeasuring = false));
  }, INTERVAL_MS);
  return { signal: controller.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

const INTERVAL_MS = 100;
/** Measuring takes at most one part of the time in so many. */
const SHARE = 10;

function freeBytes(path: string): number {
  const { bsize, bfree } = statfsSync(path);
  return bsize * bfree;
}
