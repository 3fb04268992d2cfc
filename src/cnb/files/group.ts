import type { GroupElement } from '../module.ts';

/** group.toml (contract §5.3): buildpacks, then extensions. */
export function decodeGroup(_bytes: Uint8Array | string, _file: string): readonly GroupElement[] {
  throw new Error('not yet');
}

export function encodeGroup(_group: readonly GroupElement[]): string {
  throw new Error('not yet');
}
