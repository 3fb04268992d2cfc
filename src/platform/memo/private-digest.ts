import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, string, number, Buffer>((text, salt, length, done) => {
  scrypt(text, salt, length, { N: 1 << 14, r: 8, p: 1 }, done);
});

/**
 * Tells texts apart that may have passwords in them. Records lie in caches that CI systems hand around, and a plain digest of a short
 * value is found by trying; here a try costs some hundredths of a second. The salt makes a table for one builder worth nothing for
 * another.
 */
export async function privateDigest(text: string, salt: string): Promise<string> {
  return `scrypt:${(await derive(text, `slipway memo ${salt}`, 24)).toString('hex')}`;
}
