import { createHash, timingSafeEqual } from 'node:crypto';

/** Who a name and password belong to. */
export interface Users {
  readonly isRight: (name: string, password: string) => Promise<boolean>;
}

/** Users with their passwords in the clear: for tests and programs. */
export function plainUsers(passwords: Readonly<Record<string, string>>): Users {
  return {
    isRight: (name, password) => {
      const known = Object.hasOwn(passwords, name) ? passwords[name] : undefined;
      return Promise.resolve(known !== undefined && isSame(known, password));
    },
  };
}

/** Name and password of a `Basic` header; undefined for anything else. */
export function basicUser(authorization: string | undefined): readonly [name: string, password: string] | undefined {
  const encoded = /^Basic (.+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

function isSame(a: string, b: string): boolean {
  const hash = (text: string): Uint8Array => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
