import type { Context } from '../core/context.ts';
import type { ImageSource, Lister } from '../ports/store.ts';

export interface Problem {
  readonly subject: string;
  readonly problem: string;
}

export function validateStore(source: ImageSource & Lister, ctx: Context): Promise<readonly Problem[]> {
  throw new Error(`not yet ${source.description} ${ctx.tmp}`);
}
