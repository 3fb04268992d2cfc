import type { Context } from '../../core/context.ts';
import { fromBytes, showPath } from '../../layer/byte-path.ts';
import { createPacer } from '../../layer/pacer.ts';
import { readTar } from '../../tar/reader.ts';
import type { AppTree } from './app-tree.ts';

export interface TarTarget {
  /** The archive as messages call it. */
  readonly shown: string;
  readonly tree: AppTree;
}

/** Every entry of a tar; of several of one name the last counts. Devices and pipes are left out with a warning. */
export async function unpackTar(
  bytes: AsyncIterable<Uint8Array>,
  { shown, tree }: TarTarget,
  ctx: Context,
): Promise<void> {
  const pacer = createPacer(ctx);
  for await (const { header, body } of readTar(abortable(bytes, ctx.signal), shown)) {
    const name = fromBytes(header.name);
    const mode = header.mode & 0o7777;
    switch (header.type) {
      case 'directory':
        tree.directory(name, mode);
        break;
      case 'file':
        await tree.file(name, mode, body);
        break;
      case 'symlink':
        tree.symlink(name, fromBytes(header.linkname));
        break;
      case 'hardlink':
        tree.hardlink(name, fromBytes(header.linkname));
        break;
      case 'fifo':
      case 'char':
      case 'block':
        ctx.emit({ type: 'warning', code: 'ENTRY_SKIPPED', message: skipped(shown, showPath(name)) });
    }
    await pacer.pause();
  }
}

/** What a warning says of an entry that is left out. */
export function skipped(shown: string, entry: string): string {
  return `${shown}: ${entry} is no file, directory or link and is left out`;
}

async function* abortable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
}
