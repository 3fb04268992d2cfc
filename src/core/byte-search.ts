import type { SecretForm } from './secret-forms.ts';

/** Looks for secrets in bytes that come in pieces. */
export interface ByteSearch {
  /** The name of a secret that the bytes up to here hold, found at most a piece late. */
  readonly push: (chunk: Uint8Array) => string | undefined;
}

/**
 * A search over one stream. It holds no more than the longest form besides the piece that is looked at, and finds what lies across
 * pieces of any size.
 */
export function openSearch(forms: readonly SecretForm[]): ByteSearch {
  const keep = forms.reduce((longest, { bytes }) => Math.max(longest, bytes.length), 1) - 1;
  let tail = Buffer.alloc(0);
  return {
    push: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const seam = tail.length === 0 ? tail : Buffer.concat([tail, bytes.subarray(0, keep)]);
      const found = findForm(seam, forms) ?? findForm(bytes, forms);
      tail =
        bytes.length >= keep
          ? Buffer.from(bytes.subarray(bytes.length - keep))
          : lastOf(Buffer.concat([tail, bytes]), keep);
      return found;
    },
  };
}

/** The name of a secret that the bytes hold. */
export function findForm(bytes: Buffer, forms: readonly SecretForm[]): string | undefined {
  return bytes.length === 0 ? undefined : forms.find((form) => bytes.includes(form.bytes))?.id;
}

function lastOf(bytes: Buffer, count: number): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.subarray(Math.max(0, bytes.length - count)));
}
