/** A directory that a layer describes: the path in the image and the path on this disk (design §4). */
export interface Place {
  /** Absolute path in the image, for example `/layers`. */
  readonly logical: string;
  /** Absolute path here. */
  readonly real: string;
  /** Owner written for everything from the packed directory downward. */
  readonly owner: Owner;
  /**
   * The directories above and including `logical`, top first, as entries to write: `/layers` alone for `/layers`. `'from-disk'` is
   * the Go lifecycle's rule: their owner and mode are read from `real`'s own parents (only where `logical === real`).
   */
  readonly parents: readonly ParentEntry[] | 'from-disk';
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface ParentEntry extends Owner {
  /** Absolute logical path. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
}

/** Parents owned by `owner` with mode 0755 for every directory of `logical` (what `slipway build` writes). */
export function virtualParents(logical: string, owner: Owner): readonly ParentEntry[] {
  const parts = logical.split('/').filter((part) => part !== '');
  return parts.map((_, index) => ({ path: `/${parts.slice(0, index + 1).join('/')}`, mode: 0o755, ...owner }));
}
