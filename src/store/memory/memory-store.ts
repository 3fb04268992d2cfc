import type { ImageSink, ImageSource, Lister } from '../../ports/store.ts';

export class MemoryStore {
  repository(name: string): ImageSource & Lister {
    throw new Error(`not yet ${name}`);
  }
  openSink(name: string, tag: string): ImageSink {
    throw new Error(`not yet ${name} ${tag}`);
  }
}
