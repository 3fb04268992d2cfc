import { createHash } from 'node:crypto';
import { SlipwayError } from '../core/errors.ts';

declare const digestBrand: unique symbol;
declare const diffIdBrand: unique symbol;

/** `sha256:` + 64 lower-case hex, or `sha512:` + 128: the digest of bytes as stored (image-spec, descriptor.md#digests). */
export type Digest = string & { readonly [digestBrand]: true };
/** The digest of a layer's uncompressed tar (image-spec, config.md#layer-diffid). */
export type DiffId = string & { readonly [diffIdBrand]: true };

export type Algorithm = 'sha256' | 'sha512';

const PATTERN = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): text is Digest {
  return PATTERN.test(text);
}

/** Throws `DIGEST_INVALID` for anything but a well-formed sha256 or sha512 digest. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new SlipwayError('DIGEST_INVALID', `"${text.slice(0, 80)}" is not a digest`, {
    hint: 'a digest is sha256: followed by 64 hex digits',
  });
}

export function isDiffId(text: string): text is DiffId {
  return PATTERN.test(text);
}

export function parseDiffId(text: string): DiffId {
  if (isDiffId(text)) return text;
  throw new SlipwayError('DIGEST_INVALID', `"${text.slice(0, 80)}" is not a diffID`);
}

export function algorithmOf(digest: Digest | DiffId): Algorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The hex part. */
export function hexOf(digest: Digest | DiffId): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** sha256 digest of bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

/** Incremental hash of a stream; `digest()` once at the end. */
export interface Digester {
  readonly update: (bytes: Uint8Array) => void;
  readonly digest: () => Digest;
}

export function digester(algorithm: Algorithm = 'sha256'): Digester {
  const hash = createHash(algorithm);
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => parseDigest(`${algorithm}:${hash.digest('hex')}`),
  };
}

/** For a screen: `sha256:` and 12 digits. */
export function shortDigest(digest: string): string {
  const colon = digest.indexOf(':');
  return digest.slice(0, colon + 13);
}
