import { basename, resolve } from 'node:path';
import { isTag } from '../oci/reference.ts';
import type { StoreEntry } from '../ports/store.ts';
import { isRepositoryName } from './route.ts';

/** A layout entry as a registry shows it. */
export interface ServedEntry {
  readonly repository: string;
  readonly tag: string;
  readonly entry: StoreEntry;
}

/**
 * The entries of a layout under repository and tag: `REPO:TAG` as it says (a registry host with a port is left out), a bare tag in the
 * repository named after the folder, the only entry without a name as its `latest`. An exact `REPO:TAG` goes before the others.
 */
export function servedEntries(directory: string, entries: readonly StoreEntry[]): readonly ServedEntry[] {
  const folder = folderRepository(directory);
  const served = new Map<string, ServedEntry & { readonly isExact: boolean }>();
  const unnamed = entries.filter(({ name }) => name === undefined);
  for (const entry of entries) {
    const place =
      entry.name === undefined
        ? unnamed.length === 1
          ? folderPlace(folder, 'latest')
          : undefined
        : placeOf(entry.name, folder);
    if (place === undefined) continue;
    const key = `${place.repository}:${place.tag}`;
    const known = served.get(key);
    if (known === undefined || (place.isExact && !known.isExact)) served.set(key, { ...place, entry });
  }
  return [...served.values()];
}

/** The folder's name as a repository name. */
function folderRepository(directory: string): string {
  const name = basename(resolve(directory))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'image' : name;
}

interface EntryPlace {
  readonly repository: string;
  readonly tag: string;
  readonly isExact: boolean;
}

function placeOf(name: string, folder: string): EntryPlace | undefined {
  if (isTag(name)) return folderPlace(folder, name);
  const colon = name.lastIndexOf(':');
  const slash = name.lastIndexOf('/');
  const path = colon > slash ? name.slice(0, colon) : name;
  const tag = colon > slash ? name.slice(colon + 1) : 'latest';
  if (!isTag(tag)) return undefined;
  if (isRepositoryName(path)) return { repository: path, tag, isExact: colon > slash };
  const withoutHost = path.slice(path.indexOf('/') + 1);
  const hasPort = /^[A-Za-z0-9.-]+:\d+\/|^\[[0-9a-fA-F:]+\](?::\d+)?\//.test(path);
  return hasPort && isRepositoryName(withoutHost) ? { repository: withoutHost, tag, isExact: false } : undefined;
}

function folderPlace(repository: string, tag: string): EntryPlace {
  return { repository, tag, isExact: false };
}
