import toml from '@iarna/toml';
import { utf8 } from '../../core/bytes.ts';
import { messageOf, SlipwayError } from '../../core/errors.ts';
import { isObject } from '../../schema/reader.ts';
import type { TomlTable, TomlValue } from '../toml-value.ts';
import { KEY_MARK, normaliseToml } from './toml-normalise.ts';
import { unmarkScalar } from './toml-scalar.ts';
import { TomlSource } from './toml-source.ts';

/** Larger files are refused: none of the files read here comes near it. */
const MAX_BYTES: number = 4 * 1024 * 1024;

/**
 * TOML 1.0 → data: integers are bigints, floats numbers, dates `TomlDate`. BOM and CRLF are fine.
 * Throws `FILE_INVALID` with `file:line:column`, the reason, and the offending line in the details; nothing else.
 */
export function parseToml(text: string | Uint8Array, file: string): TomlTable {
  const source = new TomlSource(file, cleanText(text, file));
  const carriageReturn = source.text.search(/\r(?!\n)/);
  if (carriageReturn >= 0) throw source.error(carriageReturn, 'a carriage return without a line feed');
  const normalised = normaliseToml(source);
  try {
    return convertTable(toml.parse(normalised.text));
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw source.error(normalised.sourceIndex(positionOf(error) ?? normalised.text.length), reasonOf(error), error);
  }
}

function cleanText(input: string | Uint8Array, file: string): string {
  const size = typeof input === 'string' ? input.length : input.byteLength;
  if (size > MAX_BYTES) {
    throw new SlipwayError('FILE_INVALID', `${file} is larger than ${String(MAX_BYTES)} bytes`, {
      details: { file, line: '1', column: '1', text: '' },
    });
  }
  const text = typeof input === 'string' ? input : utf8(input);
  if (text === undefined) {
    const lossy = new TomlSource(file, new TextDecoder().decode(typeof input === 'string' ? undefined : input));
    throw lossy.error(lossy.text.indexOf('\ufffd'), 'bytes that are not UTF-8');
  }
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function convertTable(value: unknown): TomlTable {
  if (!isObject(value)) throw new TypeError('a document is a table');
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.slice(KEY_MARK.length), convertValue(member)]),
  );
}

function convertValue(value: unknown): TomlValue {
  if (typeof value === 'string') return unmarkScalar(value);
  if (typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(convertValue);
  return convertTable(value);
}

/** Index in the parsed text at which the package stopped; it counts from 1. */
function positionOf(error: unknown): number | undefined {
  if (error instanceof Error && 'pos' in error && typeof error.pos === 'number') return Math.max(0, error.pos - 1);
  return undefined;
}

/** The package's reason without its own position and snippet, as the rest of a sentence. */
function reasonOf(error: unknown): string {
  const first = messageOf(error).split(/ at row \d+, col|\n/)[0] ?? '';
  if (positionOf(error) === undefined || first === '') return 'not valid TOML';
  const named = first.replace(/(?<=character:? )"?(\d+)"?$/, (_, code: string) => nameOf(Number(code)));
  return named.charAt(0).toLowerCase() + named.slice(1);
}

/** The package counts the end of the text as a character behind Unicode's last. */
function nameOf(code: number): string {
  return code > 0x10ffff ? 'end of file' : JSON.stringify(String.fromCodePoint(code));
}
