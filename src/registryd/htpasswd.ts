import { createHmac, randomBytes } from 'node:crypto';
import { SlipwayError } from '../core/errors.ts';
import type { Users } from './users.ts';

/** Checking a bcrypt password takes a tenth of a second or more: right ones are remembered, as keyed hashes. */
const MAX_REMEMBERED = 1000;

/**
 * Users of an Apache htpasswd file with bcrypt passwords (`htpasswd -B`). Empty lines and comments are skipped. Throws
 * `ARGUMENT_INVALID` with file and line for every other kind of hash: it would let nobody in, or anybody.
 */
export function htpasswdUsers(text: string, file: string): Users {
  const hashes = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const [name, hash] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (colon <= 0 || !/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) throw notBcrypt(file, index + 1, colon, hash);
    hashes.set(name, hash);
  }
  const key = randomBytes(32);
  const remembered = new Set<string>();
  return {
    isRight: async (name, password) => {
      const hash = hashes.get(name);
      if (hash === undefined) return false;
      const seen = createHmac('sha256', key).update(`${hash}:${password}`).digest('base64');
      if (remembered.has(seen)) return true;
      const { compare } = await import('./bcrypt.ts');
      if (!(await compare(password, hash))) return false;
      if (remembered.size < MAX_REMEMBERED) remembered.add(seen);
      return true;
    },
  };
}

function notBcrypt(file: string, line: number, colon: number, hash: string): SlipwayError {
  const kind = colon <= 0 ? 'is not NAME:HASH' : `has ${kindOf(hash)}`;
  return new SlipwayError('ARGUMENT_INVALID', `line ${String(line)} of ${file} ${kind}`, {
    exit: 3,
    hint: 'make entries with bcrypt: htpasswd -B FILE NAME',
  });
}

/** Never the hash itself. */
function kindOf(hash: string): string {
  if (hash.startsWith('$apr1$') || hash.startsWith('$1$')) return 'an MD5 password (apr1), which is not supported';
  if (hash.startsWith('{SHA}')) return 'a SHA-1 password, which is not supported';
  if (/^\$[56]\$/.test(hash)) return 'a SHA-2 crypt password, which is not supported';
  if (hash.startsWith('$2')) return 'a malformed bcrypt password';
  return 'a password that is not hashed with bcrypt';
}
