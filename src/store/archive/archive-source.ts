import type { Context } from '../../core/context.ts';
import type { ImageSource, Lister } from '../../ports/store.ts';

export function openArchive(file: string, ctx: Context): Promise<ImageSource & Lister & AsyncDisposable> {
  throw new Error(`not yet ${file} ${ctx.tmp}`);
}
