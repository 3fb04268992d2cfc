import { SlipwayError } from '../core/errors.ts';
import type { Credentials } from '../registry/options.ts';
import { isObject } from '../schema/reader.ts';
import { decodeBasic } from './basic.ts';
import { createEntries, type Entries } from './entries.ts';
import { hostOfKey, pathOfKey } from './names.ts';

/**
 * The value of `CNB_REGISTRY_AUTH`: a JSON object of registry (or URL) → `Basic <base64>`, `Bearer <token>` or `X-Identity <token>`.
 * A key's path is stripped, as in the contract; one without a scheme goes before others for the repositories below it. Throws
 * `CREDENTIALS_INVALID` in the contract's words (§15.5); the value itself is never shown.
 */
export function parseRegistryAuth(text: string | undefined): Entries {
  if (text === undefined || text.trim() === '') return createEntries(new Map());
  const given = Object.entries(parseObject(text)).map(([key, header]) => [key, parseHeader(key, header)] as const);
  const isPart = (key: string): boolean => !key.includes('://') && pathOfKey(key) !== hostOfKey(key);
  const parts = given.filter(([key]) => isPart(key));
  const whole = given.filter(([key]) => !isPart(key));
  // The last one counts: what names the whole registry goes before what is only stripped to it.
  return createEntries(
    new Map<string, Credentials>([
      ...[...parts, ...whole].map(([key, found]) => [hostOfKey(key), found] as const),
      ...parts.map(([key, found]) => [pathOfKey(key), found] as const),
    ]),
  );
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the text, which is secret.
    if (error instanceof SyntaxError) throw invalid('it is not JSON');
    throw error;
  }
  if (!isObject(value)) throw invalid('it is not a JSON object');
  return value;
}

function parseHeader(key: string, header: unknown): Credentials {
  if (typeof header !== 'string') throw invalid(`the value for "${key}" is not a string`);
  const match = /^\s*(basic|bearer|x-identity)\s+([\x21-\x7e]+)\s*$/i.exec(header);
  const token = match?.[2];
  if (token === undefined) throw unknownType(key);
  const scheme = match?.[1]?.toLowerCase();
  if (scheme === 'bearer') return { kind: 'bearer', token };
  if (scheme === 'x-identity') return { kind: 'identity', token };
  const basic = decodeBasic(token);
  if (basic === undefined) throw invalid(`the value for "${key}" is not base64 of user:password`);
  return basic;
}

function invalid(why: string): SlipwayError {
  return new SlipwayError(
    'CREDENTIALS_INVALID',
    `failed to resolve keychain: reading auth env var: failed to parse CNB_REGISTRY_AUTH value: ${why}`,
    { hint: 'write {"registry.example.com": "Basic <base64 of user:password>"}' },
  );
}

function unknownType(key: string): SlipwayError {
  return new SlipwayError('CREDENTIALS_INVALID', 'parsing auth header: unknown auth type from header', {
    details: { variable: 'CNB_REGISTRY_AUTH', registry: key },
    hint: 'a value begins with Basic, Bearer or X-Identity',
  });
}
