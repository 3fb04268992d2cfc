import { utf8 } from '../core/bytes.ts';

/**
 * A path as bytes: text with one character a byte (latin-1). Names on disk are bytes of any kind; as such text they sort in byte
 * order, join like strings and cost little memory.
 */
export type BytePath = string;

/** The path that the system calls take. */
export function toBuffer(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** From ordinary text (UTF-8 on disk). */
export function fromText(path: string): BytePath {
  return Buffer.from(path, 'utf8').toString('latin1');
}

export function fromBytes(path: Uint8Array): BytePath {
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1');
}

/** For messages: UTF-8, or escaped bytes. */
export function showPath(path: BytePath): string {
  const text = utf8(toBuffer(path));
  // eslint-disable-next-line no-control-regex -- exactly those must not reach a terminal
  if (text !== undefined && !/[\u0000-\u001f\u007f]/.test(text)) return text;
  return path.replace(/[^\u0020-\u007e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The proper ancestors of an absolute path without `/`, top first: `/a/b/c` → `/a`, `/a/b`. */
export function ancestors(path: BytePath): readonly BytePath[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
