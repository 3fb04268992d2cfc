import { TomlDate, type TomlValue } from '../toml-value.ts';

/**
 * Numbers and dates go through the TOML package as strings: one letter for the type, then the text. Plain strings get a letter of
 * their own (`STRING_MARK`), so that the two cannot be confused.
 */
export const STRING_MARK = 's' as const;

const INTEGER = /^(?:[+-]?(?:0|[1-9](?:_?\d)*)|0x[\dA-Fa-f](?:_?[\dA-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*)$/;
const FLOAT = /^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/;
const SPECIAL_FLOAT = /^[+-]?(?:inf|nan)$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(\.\d+)?$/;
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d)?$/;

/** A bare value token → its marked form, or the reason why it is none. `true` and `false` are not handled here. */
export function markScalar(token: string): { readonly marked: string } | { readonly reason: string } {
  if (INTEGER.test(token)) return markInteger(token);
  if (FLOAT.test(token)) return { marked: `f${token.replaceAll('_', '')}` };
  if (SPECIAL_FLOAT.test(token)) return { marked: `f${token}` };
  if (/^\d{4}-|^\d\d:/.test(token)) return markDate(token);
  return { reason: `${JSON.stringify(token.slice(0, 40))} is not a value` };
}

/** A marked string, as the TOML package gives it back → the value. */
export function unmarkScalar(marked: string): TomlValue {
  const text = marked.slice(1);
  switch (marked.charAt(0)) {
    case 'i':
      return parseInteger(text);
    case 'f':
      return parseFloatText(text);
    case 'Z':
      return new TomlDate('offset-date-time', text);
    case 'L':
      return new TomlDate('local-date-time', text);
    case 'D':
      return new TomlDate('local-date', text);
    case 'T':
      return new TomlDate('local-time', text);
    case STRING_MARK:
    default:
      return text;
  }
}

function markInteger(token: string): { readonly marked: string } | { readonly reason: string } {
  const text = token.replaceAll('_', '');
  if (text.length > 80) return { reason: 'an integer that does not fit into 64 bits' };
  const value = parseInteger(text);
  if (BigInt.asIntN(64, value) !== value) return { reason: `integer ${text} does not fit into 64 bits` };
  return { marked: `i${text}` };
}

function parseInteger(text: string): bigint {
  if (text.startsWith('-')) return -BigInt(text.slice(1));
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

function parseFloatText(text: string): number {
  if (text.endsWith('nan')) return Number.NaN;
  if (text.endsWith('inf')) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}

function markDate(token: string): { readonly marked: string } | { readonly reason: string } {
  const bad = { reason: `${JSON.stringify(token.slice(0, 40))} is not a date or time` };
  if (TIME.test(token)) return isTime(token) ? { marked: `T${shortFraction(token)}` } : bad;
  if (DATE.test(token)) return isDate(token) ? { marked: `D${token}` } : bad;
  const match = DATE_TIME.exec(token);
  const [, date, time, zone] = match ?? [];
  if (date === undefined || time === undefined || !isDate(date) || !isTime(time)) return bad;
  if (zone === undefined) return { marked: `L${date}T${shortFraction(time)}` };
  if (!isZone(zone)) return bad;
  return { marked: `Z${date}T${shortFraction(time)}${/^[Zz]$|^[+-]00:00$/.test(zone) ? 'Z' : zone}` };
}

function isDate(text: string): boolean {
  const [year, month, day] = text.split('-').map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function isTime(text: string): boolean {
  const [hour, minute, second] = text.slice(0, 8).split(':').map(Number);
  return Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
}

function isZone(text: string): boolean {
  if (/^[Zz]$/.test(text)) return true;
  return Number(text.slice(1, 3)) <= 23 && Number(text.slice(4)) <= 59;
}

/** Nanoseconds at most and no trailing zeros, as Go keeps and prints a time. */
function shortFraction(time: string): string {
  const [whole = '', fraction = ''] = time.split('.');
  const digits = fraction.slice(0, 9).replace(/0+$/, '');
  return digits === '' ? whole : `${whole}.${digits}`;
}
