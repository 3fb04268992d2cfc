import { isTag } from '../oci/reference.ts';
import type { StoreEntry } from '../ports/store.ts';
import { REPOSITORY } from '../store/image-names.ts';
import { isRepositoryName } from './route.ts';

/** Where a registry shows a layout's entry; without a tag it is found by its digest only. */
export interface EntryPlace {
  readonly repository: string;
  readonly tag?: string;
}

/** A layout entry as a registry shows it. */
export interface ServedEntry extends EntryPlace {
  readonly entry: StoreEntry;
}

/**
 * The entries of a layout under repository and tag: `REPO:TAG` as it says (a registry host with a port is left out), a bare tag in the
 * repository `folder`, one that was pushed by digest in the repository of its annotation, the only other entry without a name as `latest`
 * of `folder`. Of two entries for one tag an exact `REPO:TAG` counts.
 */
export function servedEntries(folder: string, entries: readonly StoreEntry[]): readonly ServedEntry[] {
  const tagged = new Map<string, ServedEntry & { readonly isExact: boolean }>();
  const untagged: ServedEntry[] = [];
  const unnamed = entries.filter(
    ({ name, descriptor }) => name === undefined && repositoryOf(descriptor) === undefined,
  );
  for (const entry of entries) {
    const place = placeOf(entry, folder, unnamed.length === 1);
    if (place === undefined) continue;
    if (place.tag === undefined) {
      untagged.push({ repository: place.repository, entry });
      continue;
    }
    const key = `${place.repository}:${place.tag}`;
    const known = tagged.get(key);
    if (known === undefined || (place.isExact && !known.isExact)) tagged.set(key, { ...place, entry });
  }
  return [...tagged.values(), ...untagged];
}

interface NamedPlace extends EntryPlace {
  readonly isExact: boolean;
}

/** Where one entry is shown; `isOnly`: there is no other without a name. */
function placeOf({ name, descriptor }: StoreEntry, folder: string, isOnly: boolean): NamedPlace | undefined {
  if (name !== undefined) return namedPlace(name, folder);
  const repository = repositoryOf(descriptor);
  if (repository !== undefined) return { repository, isExact: true };
  return isOnly ? { repository: folder, tag: 'latest', isExact: false } : undefined;
}

/** Where an entry of that name is shown. */
function namedPlace(name: string, folder: string): NamedPlace | undefined {
  if (isTag(name)) return { repository: folder, tag: name, isExact: false };
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

function repositoryOf(descriptor: StoreEntry['descriptor']): string | undefined {
  const repository = descriptor.annotations?.[REPOSITORY];
  return repository !== undefined && isRepositoryName(repository) ? repository : undefined;
}
