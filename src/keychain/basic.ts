import { utf8 } from '../core/bytes.ts';
import type { Credentials } from '../registry/options.ts';

/** base64 of `user:password`; undefined when it is not that. */
export function decodeBasic(encoded: string): Credentials | undefined {
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(encoded)) return undefined;
  // Old docker versions padded the text with NULs.
  const text = utf8(Buffer.from(encoded, 'base64'))?.replace(/\0+$/, '');
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) return undefined;
  return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) };
}
