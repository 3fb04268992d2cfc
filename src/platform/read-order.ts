import type { OrderFile } from '../cnb/files/order.ts';
import { SlipwayError } from '../core/errors.ts';
import { readOrder } from '../workspace/files.ts';

/** order.toml without extensions: they come with a later version, and dropping them silently would build another image. */
export async function readOrderOnly(path: string): Promise<OrderFile> {
  const file = await readOrder(path);
  if (file.extensions.length > 0) {
    throw new SlipwayError(
      'NOT_SUPPORTED',
      `failed to detect: ${path} names extensions, which this version cannot run`,
      {
        exit: 22,
        hint: 'remove [[order-extensions]]',
      },
    );
  }
  return file;
}
