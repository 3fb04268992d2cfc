import type { OrderGroup } from '../module.ts';

/** system.toml: buildpacks that go before and after every group. */
export interface SystemFile {
  readonly pre: OrderGroup;
  readonly post: OrderGroup;
}

export const EMPTY_SYSTEM: SystemFile = { pre: [], post: [] };

/** system.toml (contract §5.2). */
export function decodeSystem(_bytes: Uint8Array | string, _file: string): SystemFile {
  throw new Error('not yet');
}
