/** The records of a PAX extended header: keys and values as latin-1 text, one character a byte. */
export type PaxRecords = ReadonlyMap<string, string>;

/** Parses `"<len> <key>=<value>\n"…`; undefined when it is malformed. The last record of a key wins; an empty value removes it. */
export function parsePaxRecords(bytes: Uint8Array): PaxRecords | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const records = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    const space = text.indexOf(' ', at);
    const digits = text.slice(at, space);
    if (space < 0 || !/^[0-9]{1,9}$/.test(digits)) return undefined;
    const end = at + Number(digits);
    const equals = text.indexOf('=', space);
    if (end > text.length || equals < 0 || equals >= end - 1 || text[end - 1] !== '\n') return undefined;
    const key = text.slice(space + 1, equals);
    const value = text.slice(equals + 1, end - 1);
    if (key === '' || key.includes('\0')) return undefined;
    records.set(key, value);
    at = end;
  }
  return records;
}

/** A decimal number of a record, as Go reads it: digits only, and exact. */
export function paxInteger(value: string | undefined): number | undefined {
  if (value === undefined || !/^0*[0-9]{1,16}$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}
