import type { OrderFile } from '../cnb/files/order.ts';
import { SlipwayError } from '../core/errors.ts';

/** Extensions come with a later version; dropping them silently would build another image. */
export function refuseExtensions(file: OrderFile, path: string): OrderFile {
  if (file.extensions.length === 0) return file;
  throw new SlipwayError('NOT_SUPPORTED', `failed to detect: ${path} names extensions, which this version cannot run`, {
    exit: 22,
    hint: 'remove [[order-extensions]]',
  });
}
