/** The two streams a program writes to, and what they can show. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Columns of the error stream; 80 when unknown. */
  readonly columns: number;
  readonly color: boolean;
  /** False: ASCII only. */
  readonly unicode: boolean;
}

/** What a run of the program looks like to its caller. */
export interface TerminalFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the stream that progress goes to is a terminal. */
  readonly isTTY: boolean;
  /** `--no-color`. */
  readonly noColor: boolean;
}

/** NO_COLOR, then FORCE_COLOR, then whether it is a terminal (no-color.org; ux.md §7). */
export function wantsColor(facts: TerminalFacts): boolean {
  const { env } = facts;
  if (facts.noColor || isSet(env['NO_COLOR']) || isTrue(env['CNB_NO_COLOR'])) return false;
  const forced = env['FORCE_COLOR'];
  if (isSet(forced)) return forced !== '0' && forced !== 'false';
  return facts.isTTY && env['TERM'] !== 'dumb';
}

/** UTF-8 unless the locale says otherwise; no locale at all counts as UTF-8 on a terminal-less machine such as CI. */
export function wantsUnicode(env: TerminalFacts['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet);
  return locale === undefined ? env['CI'] !== undefined : /utf-?8/i.test(locale);
}

/** How progress is shown: as asked, else by terminal and CI. */
export type ProgressStyle = 'tty' | 'plain' | 'json';

export function chooseProgress(facts: TerminalFacts): ProgressStyle {
  return facts.isTTY && !isSet(facts.env['CI']) && facts.env['TERM'] !== 'dumb' ? 'tty' : 'plain';
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value);
}
