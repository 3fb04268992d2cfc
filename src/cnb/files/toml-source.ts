import { SlipwayError } from '../../core/errors.ts';

/** Longest part of the offending line that an error shows. */
const SHOWN = 160;

/** A TOML text with its file's name: makes errors that say where. */
export class TomlSource {
  readonly file: string;
  readonly text: string;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** `FILE_INVALID` at an index of the text: `order.toml:3:7: …`; the details hold line, column and the line itself. */
  error(index: number, reason: string, cause?: unknown): SlipwayError {
    const at = Math.max(0, Math.min(index, this.text.length));
    const lineStart = this.text.lastIndexOf('\n', at - 1) + 1;
    const lineEnd = this.text.indexOf('\n', at);
    const line = countNewlines(this.text, lineStart) + 1;
    const column = at - lineStart + 1;
    const whole = this.text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
    const shown = (whole.endsWith('\r') ? whole.slice(0, -1) : whole).slice(0, SHOWN);
    return new SlipwayError('FILE_INVALID', `${this.file}:${String(line)}:${String(column)}: ${reason}`, {
      details: { file: this.file, line: String(line), column: String(column), text: shown },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

function countNewlines(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
