const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** Go's strconv.ParseBool; undefined for anything else. */
export function parseGoBoolean(text: string): boolean | undefined {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : undefined;
}

/** Go's integer flags: decimal, or 0x, 0o, 0b; undefined for anything else. */
export function parseGoInteger(text: string): number | undefined {
  const match = /^([+-]?)(\d+|0x[0-9a-f]+|0o[0-7]+|0b[01]+)$/i.exec(text);
  if (match?.[2] === undefined) return undefined;
  const digits = /^0\d/.test(match[2]) ? `0o${match[2].slice(1)}` : match[2];
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) return undefined;
  return match[1] === '-' && value !== 0 ? -value : value;
}

/** Whether Go's time.ParseDuration reads it: `336h`, `1h30m`, `-1.5s`, `0`. */
export function isGoDuration(text: string): boolean {
  return /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(text);
}
