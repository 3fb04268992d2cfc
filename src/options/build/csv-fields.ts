import { SlipwayError } from '../../core/errors.ts';

/**
 * The fields of one value, as pack reads them (Go's encoding/csv): a field in double quotes may hold the separator, and `""` in it is a
 * quote; a quote elsewhere is an error. Throws `ARGUMENT_INVALID` naming the flag.
 */
export function csvFields(text: string, separator: ';' | ',', flag: string): readonly string[] {
  const fields: string[] = [];
  for (let at = 0; ; at += 1) {
    const { field, end } = text[at] === '"' ? quoted(text, at + 1, flag) : plain(text, at, separator);
    if (text[at] !== '"' && field.includes('"'))
      throw malformed(flag, text, 'a quote within a field that has none around it');
    fields.push(field);
    if (end >= text.length) return fields;
    if (text[end] !== separator)
      throw malformed(flag, text, `something between a closing quote and the next ${separator}`);
    at = end;
  }
}

/** `key=value` of each field, keys in lower case. Throws `ARGUMENT_INVALID` naming the flag. */
export function csvSettings(text: string, separator: ';' | ',', flag: string): readonly (readonly [string, string])[] {
  return csvFields(text, separator, flag).map((field) => {
    const equals = field.indexOf('=');
    if (equals < 1) throw malformed(flag, text, `"${field}" is not key=value`);
    return [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
  });
}

interface Field {
  readonly field: string;
  /** Where the separator is, or the end. */
  readonly end: number;
}

function plain(text: string, from: number, separator: string): Field {
  const at = text.indexOf(separator, from);
  const end = at < 0 ? text.length : at;
  return { field: text.slice(from, end), end };
}

function quoted(text: string, from: number, flag: string): Field {
  let field = '';
  for (let at = from; at < text.length; at += 1) {
    if (text[at] !== '"') field += text.charAt(at);
    else if (text[at + 1] === '"') {
      field += '"';
      at += 1;
    } else return { field, end: at + 1 };
  }
  throw malformed(flag, text, 'a quote that is not closed');
}

function malformed(flag: string, text: string, what: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `--${flag} ${text}: ${what}`);
}
