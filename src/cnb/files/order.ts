import type { Order } from '../module.ts';

export interface OrderFile {
  readonly order: Order;
  /** Elements are always optional and of kind extension. */
  readonly extensions: Order;
}

/** order.toml (contract §5.1). Throws `FILE_INVALID`. */
export function decodeOrder(_bytes: Uint8Array | string, _file: string): OrderFile {
  throw new Error('not yet');
}
