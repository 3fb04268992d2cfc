import type { Credentials } from './options.ts';
import { basicHeader } from './token.ts';

/** Shorter ones would black out half of every text. */
const MIN_LENGTH = 4;

/** What must not be shown, in each form in which it travels. */
export interface Secrets {
  readonly add: (secret: string) => void;
  readonly addCredentials: (credentials: Credentials | undefined) => void;
  /** The text without any of them. */
  readonly redact: (text: string) => string;
}

export function createSecrets(): Secrets {
  const known = new Set<string>();
  const add = (secret: string): void => {
    if (secret.length < MIN_LENGTH) return;
    const form = new URLSearchParams({ secret }).toString().slice('secret='.length);
    for (const each of [secret, encodeURIComponent(secret), form, JSON.stringify(secret).slice(1, -1)]) known.add(each);
  };
  return {
    add,
    addCredentials: (credentials) => {
      if (credentials === undefined) return;
      if (credentials.kind !== 'basic') {
        add(credentials.token);
        return;
      }
      add(credentials.password);
      add(basicHeader(credentials.username, credentials.password).slice('Basic '.length));
    },
    // Longest first: one secret may be part of another.
    redact: (text) =>
      [...known].sort((a, b) => b.length - a.length).reduce((clean, secret) => clean.replaceAll(secret, '***'), text),
  };
}
