import type { Event, PhaseName } from '../core/events.ts';
import { formatDuration } from './amounts.ts';
import { clip } from './columns.ts';
import { createPlainRenderer, type PlainOptions } from './plain-renderer.ts';
import type { Renderer } from './renderer.ts';
import { symbolsOf } from './symbols.ts';
import { Transfers } from './transfer.ts';

const CLEAR = '\r\u001b[2K';
/** At most ten redraws a second. */
const REDRAW_MS = 100;

/**
 * The plain renderer with one live line below it: the running phase, or the transfer. Only that line is ever redrawn; the cursor is
 * never hidden, so nothing has to be put back when the program is killed.
 */
export function createTtyRenderer(options: PlainOptions): Renderer {
  const { terminal, clock } = options;
  const symbols = symbolsOf(terminal);
  const transfers = new Transfers();
  let phase: { readonly name: PhaseName; readonly start: number } | undefined;
  let live = '';
  let drawnAt = -REDRAW_MS;
  const erase = (): void => {
    if (live !== '') terminal.err(CLEAR);
    live = '';
  };
  const above = (write: (text: string) => void) => (text: string) => {
    erase();
    write(text);
  };
  const plain = createPlainRenderer({
    ...options,
    heartbeat: false,
    terminal: { ...terminal, err: above(terminal.err), out: above(terminal.out) },
  });
  const draw = (): void => {
    const now = clock.monotonicMs();
    if (now - drawnAt < REDRAW_MS) return;
    drawnAt = now;
    const running = phase === undefined ? undefined : `${phase.name.padEnd(8)}  ${formatDuration(now - phase.start)}`;
    const text = clip(transfers.line(now, symbols) ?? running ?? '', terminal.columns - 1);
    if (text === live) return;
    terminal.err(`${CLEAR}${text}`);
    live = text;
  };
  const emit = (event: Event): void => {
    if (event.type === 'phase.start') phase = { name: event.phase, start: clock.monotonicMs() };
    // Whoever types into the terminal has it alone.
    if (event.type === 'phase.end' || event.type === 'shell.start') {
      phase = undefined;
      transfers.clear();
    }
    if (event.type === 'blob.progress') transfers.add(event, clock.monotonicMs());
    else plain.emit(event);
  };
  return {
    emit,
    fail: (failure) => {
      erase();
      plain.fail(failure);
    },
    tick: () => {
      if (options.quiet !== true) draw();
    },
    close: erase,
  };
}
