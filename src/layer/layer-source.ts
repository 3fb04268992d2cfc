import type { BytePath } from './byte-path.ts';
import type { Place } from './place.ts';

/** One entry written from data, not from disk. */
export type LayerEntry =
  | {
      readonly kind: 'directory';
      readonly path: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: 'symlink';
      readonly path: string;
      readonly target: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

/** What a layer is made of. Paths are the logical ones of the image. */
export type LayerSource =
  /** A directory below `place` (or the place itself), with parents: contract §14.3 DirLayer. `path` is absolute and logical. */
  | { readonly kind: 'dir'; readonly place: Place; readonly path: string }
  /**
   * Files of the app in byte order of their full path: contract §14.3 SliceLayers. `'all'` is the app directory with everything in it;
   * a list holds paths relative to the place, sorted, the directory itself as the empty path.
   */
  | { readonly kind: 'slice'; readonly place: Place; readonly paths: 'all' | readonly BytePath[] }
  /**
   * Several directories, in byte order of their logical paths, each with its contents and parents; a parent that they share is written
   * once. Modes as git keeps them: 0755 for directories and for what its owner may run, 0644 for other files; no devices, fifos and sockets
   * (`ENTRY_SKIPPED`). The same files give the same layer whatever the umask was.
   */
  | { readonly kind: 'trees'; readonly places: readonly Place[] }
  /** Entries given as data, in this order (launcher, process types). */
  | { readonly kind: 'entries'; readonly entries: readonly LayerEntry[] };
