const HUB: readonly string[] = ['index.docker.io', 'docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];

/** Under what docker's programs keep Docker Hub. */
export const HUB_KEY = 'https://index.docker.io/v1/';

/** The names under which credentials for a registry may be written: itself, and for Docker Hub all of its names. */
export function aliasesOf(registry: string): readonly string[] {
  const name = registry.toLowerCase();
  return HUB.includes(name) ? HUB : [name];
}

/** The host (with port) of a key, which may be a URL: `https://index.docker.io/v1/` → `index.docker.io`. */
export function hostOfKey(key: string): string {
  return (withoutScheme(key).split('/')[0] ?? '').toLowerCase();
}

/** `https://host/v1/` → `host`, `host/namespace/` → `host/namespace`: how entries for parts of a registry are written. */
export function pathOfKey(key: string): string {
  const text = withoutScheme(key).replace(/\/+$/, '');
  const slash = text.indexOf('/');
  const host = hostOfKey(key);
  const path = slash < 0 ? '' : text.slice(slash + 1);
  return path === '' || /^v[12]$/.test(path) ? host : `${host}/${path}`;
}

function withoutScheme(key: string): string {
  return key.trim().replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
}
