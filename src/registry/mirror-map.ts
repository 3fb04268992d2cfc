import type { ReadPlace, ReadRoute } from './registries-conf.ts';

/** Registry, or `*` for all of them → `host[:port][/path]` that images are read from first. */
export type MirrorMap = ReadonlyMap<string, string>;

const HUB = 'index.docker.io';

/** The route with the registry's own entry, else that of `*`, before everything else; a registry is no mirror of itself. */
export function withMirror(route: ReadRoute, mirrors: MirrorMap, registry: string, repository: string): ReadRoute {
  const mirror = mirrorOf(mirrors, registry);
  if (mirror === undefined) return route;
  const place = placeOf(mirror, repository);
  if (place.registry === registry && place.repository === repository) return route;
  const own: ReadPlace = { registry, repository, isInsecure: route.isInsecure, takes: 'all' };
  return { ...route, places: [place, ...(route.places.length === 0 ? [own] : route.places)] };
}

function mirrorOf(mirrors: MirrorMap, registry: string): string | undefined {
  const names = registry === HUB ? [HUB, 'docker.io'] : [registry];
  return [...names, '*'].map((name) => mirrors.get(name)).find((mirror) => mirror !== undefined);
}

function placeOf(mirror: string, repository: string): ReadPlace {
  const slash = mirror.indexOf('/');
  const host = slash < 0 ? mirror : mirror.slice(0, slash);
  const path = slash < 0 ? '' : `${mirror.slice(slash + 1)}/`;
  const registry = host === 'docker.io' ? HUB : host;
  return { registry, repository: `${path}${repository}`, isInsecure: false, takes: 'all' };
}
