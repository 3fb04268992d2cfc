import { compare as compareBcrypt } from 'bcryptjs';

/** Whether the password has that bcrypt hash. Works in slices, so that other requests go on. */
export function compare(password: string, hash: string): Promise<boolean> {
  return compareBcrypt(password, hash);
}
