import { SlipwayError } from '../core/errors.ts';
import { aliasesOf, hostOfKey, HUB_KEY, pathOfKey } from './names.ts';

/** Who credentials are for: a registry, or a part of one. */
export interface LoginTarget {
  /** As requests name it: `index.docker.io` for each name of Docker Hub. */
  readonly registry: string;
  /** `team/app`; '' for the whole registry. */
  readonly path: string;
  readonly isHub: boolean;
}

const PATH = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const HOST = /^(?:\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?$/;

/** `HOST[:PORT][/PATH]`, also as an URL. Throws `ARGUMENT_INVALID`. */
export function parseLoginTarget(text: string): LoginTarget {
  const host = hostOfKey(text);
  const key = pathOfKey(text);
  const path = key.slice(host.length + 1);
  if (!HOST.test(host) || (path !== '' && !PATH.test(path)))
    throw new SlipwayError('ARGUMENT_INVALID', `"${text}" is not a registry`, {
      hint: 'write HOST[:PORT], or HOST/PATH for a part of it, without tag or digest',
    });
  const names = aliasesOf(host);
  return { registry: names[0] ?? host, path, isHub: names.length > 1 };
}

/** How it is shown, and written into a file of containers: `docker.io/acme`. */
export function formatLoginTarget({ registry, path, isHub }: LoginTarget): string {
  const host = isHub ? 'docker.io' : registry;
  return path === '' ? host : `${host}/${path}`;
}

/** Its key for docker and its helpers, which keep Docker Hub under an old URL. */
export function dockerKey(target: LoginTarget): string {
  return target.isHub && target.path === '' ? HUB_KEY : formatLoginTarget(target);
}

/** Whether a key of a file is one for exactly this target. */
export function isKeyOf(key: string, { registry, path }: LoginTarget): boolean {
  const host = hostOfKey(key);
  return aliasesOf(registry).includes(host) && pathOfKey(key).slice(host.length + 1) === path;
}
