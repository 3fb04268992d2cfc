import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { uniqueSuffix, writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { isSystem, SlipwayError } from '../core/errors.ts';
import { createLimiter } from '../core/limiter.ts';
import { READER_GONE } from '../ports/standard-streams.ts';
import { parseGoInteger } from '../options/go-values.ts';
import type { Renderer } from '../term/renderer.ts';
import { PRODUCT } from './product.ts';
import { onReaderGone } from './stream-terminal.ts';

const TICK_MS = 100;

/**
 * Runs one command to its exit code: a private temporary directory, a signal that Ctrl-C and SIGTERM abort (a second one ends the
 * program at once), events to the renderer, the error that ends it rendered last.
 */
export async function runCommand(
  renderer: Renderer,
  task: (ctx: Context) => Promise<number>,
  concurrency?: string,
): Promise<number> {
  const controller = new AbortController();
  const interrupted = watchSignals(controller, renderer);
  const ticker = setInterval(renderer.tick, TICK_MS);
  let tmp: string | undefined;
  try {
    tmp = openTemporary();
    const exitCode = await task({
      signal: controller.signal,
      clock: systemClock,
      emit: renderer.emit,
      tmp,
      limiter: createLimiter(parseConcurrency(concurrency)),
      product: PRODUCT,
    });
    return interrupted()?.exit ?? exitCode;
  } catch (error) {
    renderer.close();
    const ending = interrupted() ?? error;
    const exitCode = ending instanceof SlipwayError ? (ending.exit ?? 1) : 1;
    renderer.fail({ error: ending, exitCode });
    return exitCode;
  } finally {
    clearInterval(ticker);
    renderer.close();
    if (tmp !== undefined) removeTemporary(tmp);
  }
}

/** How many blobs may be on their way at once; default 4. */
function parseConcurrency(text: string | undefined): number {
  if (text === undefined || text === '') return 4;
  const value = parseGoInteger(text);
  if (value === undefined || value < 1 || value > 64)
    throw new SlipwayError('ARGUMENT_INVALID', `the concurrency "${text.slice(0, 40)}" is not a number from 1 to 64`);
  return value;
}

function openTemporary(): string {
  try {
    const path = join(tmpdir(), `slipway.${uniqueSuffix()}`);
    mkdirSync(path, { mode: 0o700 });
    return path;
  } catch (error) {
    throw writeError(`temporary files in ${tmpdir()}`, error);
  }
}

/** Empties it in any case. Whoever was root and became another user may be refused to remove the directory itself: its parent is root's. */
function removeTemporary(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!isSystem(error, 'EACCES', 'EPERM')) throw error;
  }
}

const SIGNALS = [
  ['SIGINT', 130, 'stopped by SIGINT'],
  ['SIGTERM', 143, 'stopped by SIGTERM'],
] as const;

/** The error of a first signal, once there was one. A reader of the output that goes away counts as one. */
function watchSignals(controller: AbortController, renderer: Renderer): () => SlipwayError | undefined {
  let interrupted: SlipwayError | undefined;
  const interrupt = (exit: number, message: string): void => {
    interrupted = new SlipwayError('INTERRUPTED', message, {
      exit,
      details: { kept: 'outputs that were already committed are whole; nothing else is visible' },
    });
    controller.abort(interrupted);
  };
  for (const [name, exit, message] of SIGNALS) {
    process.on(name, () => {
      if (interrupted === undefined) {
        interrupt(exit, message);
        return;
      }
      renderer.close();
      process.exit(exit);
    });
  }
  // Not by SIGPIPE: while a process listens for that, every registry that hangs up sends one too. Each further line that is written
  // fails as well.
  onReaderGone(() => {
    if (interrupted === undefined) interrupt(READER_GONE, 'stopped: nobody reads the output any more');
  });
  return () => interrupted;
}
