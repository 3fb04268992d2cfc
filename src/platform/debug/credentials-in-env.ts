import type { Env } from '../../cnb/env.ts';

/** A proxy's URL with a name and a password in it. */
const WITH_CREDENTIALS = /^[a-z][a-z0-9+.-]*:\/\/([^/@\s]+)@/i;

/** Variables that carry credentials of this machine's user: they are not kept, and taken anew from whoever enters. */
export function credentialVariables(env: Env): readonly string[] {
  return Object.keys(env).filter(
    (name) => /^(?:https?|all|ftp|no)_proxy$/i.test(name) && WITH_CREDENTIALS.test(env[name] ?? ''),
  );
}

/** A text without those credentials: programs print their proxies. */
export function withoutCredentials(text: string, env: Env): string {
  return credentialVariables(env).reduce((rest, name) => {
    const found = WITH_CREDENTIALS.exec(env[name] ?? '')?.[1];
    return found === undefined ? rest : rest.replaceAll(found, '***');
  }, text);
}
