import type { Context } from '../core/context.ts';
import { extractTar } from './extract.ts';

interface PlainTar {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What errors call it. */
  readonly subject: string;
}

/** Unpacks a tar that is no layer into a directory, which is its `/`. Throws as `extractTar`. */
export async function extractInto(source: PlainTar, directory: string, ctx: Context): Promise<void> {
  const places = [{ logical: '/', real: directory, owner: { uid: 0, gid: 0 }, parents: [] }];
  await extractTar(source, ctx, { places });
}
