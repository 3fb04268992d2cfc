/** Layers that did not change are not read, or read all the same to prove that, or nobody knows of them. */
export type IndexChoice = 'use' | 'verify' | 'none';

/** Of `--no-index` and `--verify-index`; the first wins. */
export function indexChoice(flags: { readonly isOff: boolean; readonly isVerified: boolean }): IndexChoice {
  if (flags.isOff) return 'none';
  return flags.isVerified ? 'verify' : 'use';
}
