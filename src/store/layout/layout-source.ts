import type { ImageSource, Lister } from '../../ports/store.ts';

export function openLayout(directory: string): ImageSource & Lister {
  throw new Error(`not yet ${directory}`);
}
