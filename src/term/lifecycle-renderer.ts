import type { Event, LogLevel, PhaseName } from '../core/events.ts';
import { indexText } from './index-text.ts';
import { describeError, factLines, stackLines } from './error-text.ts';
import type { Renderer } from './renderer.ts';

export interface LifecycleRendererOptions {
  /** Where everything goes: standard output (contract §18.1), or standard error beside an archive. */
  readonly write: (text: string) => void;
  readonly level: LogLevel;
  readonly color: boolean;
  /** `===> ANALYZING` before each phase: the creator. */
  readonly headers: boolean;
  /** Show where an error came from. */
  readonly stacks: boolean;
}

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

const HEADERS: Readonly<Record<PhaseName, string>> = {
  analyze: 'ANALYZING',
  detect: 'DETECTING',
  restore: 'RESTORING',
  build: 'BUILDING',
  export: 'EXPORTING',
  rebase: 'REBASING',
  generate: 'GENERATING',
  extend: 'EXTENDING',
  launch: 'LAUNCHING',
};

/** The lines of the Go lifecycle (contract §18): same prefixes, same colours, colours whether or not it is a terminal. */
export function createLifecycleRenderer(options: LifecycleRendererOptions): Renderer {
  const isShown = (level: LogLevel): boolean => ORDER.indexOf(level) >= ORDER.indexOf(options.level);
  const log = (level: LogLevel, text: string): void => {
    if (!isShown(level)) return;
    const line = prefix(level, options.color) + text;
    options.write(line.endsWith('\n') ? line : `${line}\n`);
  };
  const emit = (event: Event): void => {
    switch (event.type) {
      case 'log':
        log(event.level, event.message);
        return;
      case 'warning':
        log('warn', event.message);
        return;
      case 'notice':
        log('info', `${event.subject}: ${event.message}`);
        return;
      case 'output':
        options.write(`${event.line}\n`);
        return;
      case 'phase.start':
        if (options.headers && isShown('info')) options.write(`${header(event.phase, options.color)}\n`);
        return;
      case 'launcher.chosen':
        log('debug', `Using launcher: ${event.kind}: ${event.reason}`);
        return;
      case 'index':
        log('debug', indexText(event));
        return;
      case 'http.retry':
        log('warn', `${event.url}: ${event.reason}, retrying in ${String(event.delayMs)} ms`);
        return;
      case 'build.start':
      case 'shell.start':
      case 'shell.end':
      case 'image.resolved':
      case 'sandbox.chosen':
      case 'limits.set':
      case 'order.chosen':
      case 'project.read':
      case 'rootfs.unpacked':
      case 'file.downloaded':
      case 'phase.end':
      case 'detect.result':
      case 'detect.failed':
      case 'detect.explained':
      case 'build.plan':
      case 'memo':
      case 'buildpack.start':
      case 'layer':
      case 'blob.progress':
      case 'build.end':
      case 'rebase.end':
      case 'copy.end':
        return;
    }
  };
  return {
    emit,
    fail: ({ error }) => {
      const facts = describeError(error, 'lifecycle');
      log('error', facts.message);
      for (const line of factLines(facts)) options.write(`${line}\n`);
      if (options.stacks) for (const line of stackLines(error)) options.write(`${line}\n`);
    },
    tick: () => undefined,
    close: () => undefined,
  };
}

function prefix(level: LogLevel, color: boolean): string {
  if (level === 'warn') return color ? '\u001b[33;1mWarning: \u001b[0m' : 'Warning: ';
  if (level === 'error') return color ? '\u001b[31;1mERROR: \u001b[0m' : 'ERROR: ';
  return '';
}

function header(phase: PhaseName, color: boolean): string {
  const text = `===> ${HEADERS[phase]}`;
  return color ? `\u001b[36m${text}\u001b[0m` : text;
}
