import type { Clock } from '../core/clock.ts';
import type { Event, MemoFinding, PhaseName } from '../core/events.ts';
import { formatDuration, formatSize, shortDigest } from './amounts.ts';
import { buildResult } from './build-result.ts';
import { ciMarks, type CiKind } from './ci-marks.ts';
import { copyResult, copySummary, type CopyEnd } from './copy-result.ts';
import { detectTable } from './detect-table.ts';
import { describeError, errorLines, stackLines } from './error-text.ts';
import { indexText } from './index-text.ts';
import { layerTable, type LayerEvent } from './layer-table.ts';
import { cleanLine } from './output-line.ts';
import { limitText } from './limit-text.ts';
import { passedOverLines } from './passed-over.ts';
import { memoLines } from './memo-text.ts';
import { planText } from './plan-text.ts';
import { rebaseResult, type RebaseEnd } from './rebase-result.ts';
import type { Renderer } from './renderer.ts';
import { shellBanner } from './shell-banner.ts';
import { symbolsOf } from './symbols.ts';
import type { Terminal } from './terminal.ts';

export interface PlainOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Every log line and stacks of errors. */
  readonly verbose?: boolean;
  /** Nothing but the digest and errors. */
  readonly quiet?: boolean;
  readonly timestamps?: boolean;
  readonly ci?: CiKind;
  /** Whether a heartbeat line is written during long steps; off where a live line does that. */
  readonly heartbeat?: boolean;
}

const HEARTBEAT_MS = 10_000;

/** Lines without cursor movement: progress on the error stream, the result on the output stream (ux.md §5, §6). */
export function createPlainRenderer(options: PlainOptions): Renderer {
  return new PlainRenderer(options);
}

class PlainRenderer implements Renderer {
  readonly #options: PlainOptions;
  readonly #layers: LayerEvent[] = [];
  #phase: { readonly name: PhaseName; readonly start: number; beat: number } | undefined;
  #detected: string | undefined;
  #isHeaderClosed = false;
  #source = '';

  constructor(options: PlainOptions) {
    this.#options = options;
  }

  readonly emit = (event: Event): void => {
    const symbols = symbolsOf(this.#options.terminal);
    switch (event.type) {
      case 'log':
        if (event.level !== 'warn' && this.#options.verbose === true) this.#line(event.message);
        if (event.level === 'warn') this.#line(`${symbols.warning('warning:')} ${event.message}`);
        return;
      case 'warning':
        this.#line(`${symbols.warning('warning:')} ${event.message}`);
        return;
      case 'notice':
        this.#line(`note: ${event.subject}: ${event.message}`);
        return;
      case 'image.resolved':
        this.#header(event.role, imageText(event, symbols.arrow));
        return;
      case 'sandbox.chosen':
        this.#header('sandbox', `${event.strategy}: ${event.description}`);
        for (const line of passedOverLines(event.passedOver ?? [])) this.#header('', line);
        return;
      case 'limits.set':
        for (const limit of event.limits) this.#header('limit', limitText(limit));
        return;
      case 'order.chosen':
        this.#header('order', `${event.source}   ${String(event.groups)} group${event.groups === 1 ? '' : 's'}`);
        return;
      case 'project.read':
        this.#header('project', `${event.file}   schema ${[event.schema, ...event.says].join(', ')}`);
        return;
      case 'rootfs.unpacked':
        this.#header('unpacked', unpackedText(event));
        return;
      case 'file.downloaded':
        this.#header(
          event.from === 'network' ? 'downloaded' : 'unchanged',
          `${event.url}   ${formatSize(event.bytes)}`,
        );
        return;
      case 'memo':
        this.#memo(event.finding);
        return;
      case 'launcher.chosen':
        if (this.#options.verbose === true) this.#header('launcher', `${event.kind}: ${event.reason}`);
        return;
      case 'phase.start':
        this.#startPhase(event.phase);
        return;
      case 'phase.end':
        this.#endPhase(event);
        return;
      case 'detect.result':
        this.#detected = detectedText(event);
        return;
      case 'buildpack.start':
        this.#source = event.buildpack;
        if (event.phase === 'build' || this.#options.verbose === true)
          this.#line(`  ${symbols.strong(event.buildpack.replace('@', ' '))}`);
        return;
      case 'output':
        if (this.#phase?.name === 'build' || this.#options.verbose === true)
          this.#line(`  ${symbols.bar} ${this.#outputText(event)}`.trimEnd());
        return;
      case 'index':
        if (this.#options.verbose === true) this.#line(indexText(event));
        return;
      case 'layer':
        this.#layers.push(event);
        return;
      case 'http.retry':
        this.#line(
          `${symbols.warning('warning:')} ${event.url}: ${event.reason}; try ${String(event.attempt + 1)} in ${formatDuration(event.delayMs)}`,
        );
        return;
      case 'build.end':
        this.#result(event);
        return;
      case 'rebase.end':
        this.#rebased(event);
        return;
      case 'copy.end':
        this.#copied(event);
        return;
      case 'build.plan':
        for (const line of planText(event, symbols.arrow)) this.#options.terminal.out(`${line}\n`);
        return;
      case 'detect.explained':
        for (const line of detectTable(event)) this.#options.terminal.out(`${line}\n`);
        return;
      case 'shell.start':
        for (const line of shellBanner(event)) this.#line(line);
        return;
      case 'build.start':
      case 'shell.end':
      case 'detect.failed':
      case 'blob.progress':
        return;
    }
  };

  readonly fail = ({ error }: { readonly error: unknown }): void => {
    const facts = describeError(error, 'slipway');
    const { terminal, ci, verbose } = this.#options;
    for (const line of errorLines(facts, symbolsOf(terminal))) terminal.err(`${line}\n`);
    for (const mark of ciMarks(ci).error(`${facts.message} [${facts.code}]`)) terminal.err(`${mark}\n`);
    if (verbose === true) for (const line of stackLines(error)) terminal.err(`${line}\n`);
  };

  readonly tick = (): void => {
    const phase = this.#phase;
    if (phase === undefined || this.#options.heartbeat === false) return;
    const now = this.#options.clock.monotonicMs();
    if (now - phase.beat < HEARTBEAT_MS) return;
    phase.beat = now;
    this.#line(`${phase.name.padEnd(8)}  ${formatDuration(now - phase.start)} so far`);
  };

  readonly close = (): void => undefined;

  #startPhase(name: PhaseName): void {
    const now = this.#options.clock.monotonicMs();
    this.#phase = { name, start: now, beat: now };
    if (name !== 'build') return;
    this.#closeHeader();
    this.#line('build');
    this.#marks(ciMarks(this.#options.ci).open('build', this.#options.clock));
  }

  /** An empty line between what was chosen and what happened. */
  #closeHeader(): void {
    if (!this.#isHeaderClosed) this.#line('');
    this.#isHeaderClosed = true;
  }

  #endPhase(event: Extract<Event, { readonly type: 'phase.end' }>): void {
    this.#phase = undefined;
    this.#closeHeader();
    if (event.phase === 'build') this.#marks(ciMarks(this.#options.ci).close('build', this.#options.clock));
    const note = event.summary ?? (event.phase === 'detect' ? this.#detected : undefined);
    this.#line(`${event.phase.padEnd(8)}  ${formatDuration(event.ms)}   ${note ?? ''}`.trimEnd());
  }

  #result(event: Extract<Event, { readonly type: 'build.end' }>): void {
    const { terminal, quiet } = this.#options;
    if (quiet === true) {
      terminal.out(`${event.digest}\n`);
      return;
    }
    const table = layerTable(this.#layers);
    if (table.length > 0) ['', ...table, ''].forEach((line) => this.#line(line));
    for (const line of buildResult(event)) terminal.out(`${line}\n`);
  }

  #memo(finding: MemoFinding): void {
    const { verbose = false, terminal } = this.#options;
    for (const [label, text] of memoLines(finding, { verbose, arrow: symbolsOf(terminal).arrow }))
      this.#header(label, text);
  }

  #rebased(event: RebaseEnd): void {
    const { terminal, quiet } = this.#options;
    const lines = quiet === true ? [event.digest] : rebaseResult(event, symbolsOf(terminal).arrow);
    for (const line of lines) terminal.out(`${line}\n`);
  }

  /** Digests are the result; where they went is said beside it. */
  #copied(event: CopyEnd): void {
    for (const line of copySummary(event)) this.#line(line);
    for (const line of copyResult(event)) this.#options.terminal.out(`${line}\n`);
  }

  #outputText(event: Extract<Event, { readonly type: 'output' }>): string {
    const line = cleanLine(event.line, this.#options.terminal);
    return event.source === this.#source || event.source === '' ? line : `${event.source}: ${line}`;
  }

  #header(label: string, text: string): void {
    this.#line(`${label.padEnd(14)}  ${text}`);
  }

  #marks(lines: readonly string[]): void {
    for (const line of lines) if (this.#options.quiet !== true) this.#options.terminal.err(`${line}\n`);
  }

  #line(text: string): void {
    const { terminal, quiet, timestamps, clock } = this.#options;
    if (quiet === true) return;
    const stamp = timestamps === true ? `${clock.now().toISOString()} ` : '';
    terminal.err(`${`${stamp}${text}`.trimEnd()}\n`);
  }
}

function imageText(event: Extract<Event, { readonly type: 'image.resolved' }>, arrow: string): string {
  const found = `${event.platform} ${shortDigest(event.manifest)}`;
  const through = event.index === undefined ? found : `index ${shortDigest(event.index)} ${arrow} ${found}`;
  return [event.requested, through, ...(event.note === undefined ? [] : [event.note])].join('   ');
}

function unpackedText(event: Extract<Event, { readonly type: 'rootfs.unpacked' }>): string {
  return `${shortDigest(event.manifest)}   ${formatSize(event.bytes)}, ${String(event.entries)} entries in ${formatDuration(event.ms)}`;
}

function detectedText(event: Extract<Event, { readonly type: 'detect.result' }>): string {
  const others = event.attempted - event.passed.length;
  const names = event.passed.map((name) => name.replace('@', ' ')).join(', ');
  return others > 0 ? `${names}   (${String(others)} did not apply)` : names;
}
