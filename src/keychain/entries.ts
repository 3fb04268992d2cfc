import type { Credentials } from '../registry/options.ts';

/** What is looked for: a repository of a registry, which may have several names. */
export interface Wanted {
  readonly registry: string;
  readonly repository: string;
  readonly names: readonly string[];
}

interface FoundEntry {
  readonly credentials: Credentials;
  /** For messages: the registry, or the part of it that the entry is for. */
  readonly subject: string;
}

/** Credentials by `host` or `host/path`, the longest path first. */
export interface Entries {
  readonly size: number;
  readonly find: (wanted: Wanted) => FoundEntry | undefined;
}

export function createEntries(entries: ReadonlyMap<string, Credentials>): Entries {
  return {
    size: entries.size,
    find: ({ registry, repository, names }) => {
      for (const path of prefixes(repository)) {
        for (const name of names) {
          const key = path === '' ? name : `${name}/${path}`;
          const credentials = entries.get(key);
          if (credentials !== undefined) return { credentials, subject: path === '' ? registry : key };
        }
      }
      return undefined;
    },
  };
}

/** `a/b/c` → `a/b/c`, `a/b`, `a`, ''. */
function prefixes(repository: string): readonly string[] {
  const parts = repository.split('/');
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), ''];
}
