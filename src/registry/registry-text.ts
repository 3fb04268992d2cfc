import { utf8 } from '../core/bytes.ts';
import { isObject } from '../schema/reader.ts';

const MAX_SHOWN = 300;

/** What a registry said in an error body, for an error's details: `{ 'registry says': 'MANIFEST_UNKNOWN: …' }`, or {} when nothing. */
export function registryText(bytes: Uint8Array, redact: (text: string) => string): Readonly<Record<string, string>> {
  const text = utf8(bytes)?.trim() ?? '';
  const said = errorsOf(text) ?? (text.startsWith('<') ? '' : text);
  const shown = redact(said)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_SHOWN);
  return shown === '' ? {} : { 'registry says': shown };
}

/** The first error code of a distribution-spec error body, such as `NAME_UNKNOWN`. */
export function registryCode(bytes: Uint8Array): string | undefined {
  const first = errorList(parse(utf8(bytes) ?? ''))[0];
  return first === undefined || first.code === '' ? undefined : first.code;
}

function errorsOf(text: string): string | undefined {
  const value = parse(text);
  if (value === undefined) return undefined;
  const errors = errorList(value).map(({ code, message }) => [code, message].filter((part) => part !== '').join(': '));
  if (errors.length > 0) return errors.slice(0, 3).join('; ');
  if (!isObject(value)) return '';
  const single = [value['details'], value['error_description'], value['error'], value['message']];
  return single.find((item): item is string => typeof item === 'string') ?? '';
}

function errorList(value: unknown): readonly { readonly code: string; readonly message: string }[] {
  if (!isObject(value) || !Array.isArray(value['errors'])) return [];
  const list: readonly unknown[] = value['errors'];
  return list.filter(isObject).map((item) => ({
    code: typeof item['code'] === 'string' ? item['code'] : '',
    message: typeof item['message'] === 'string' ? item['message'] : '',
  }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
