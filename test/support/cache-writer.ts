import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { openFolderLayerStore } from '../../src/cache/layer-store.ts';
import type { Context } from '../../src/core/context.ts';
import { withContext } from '../../src/core/with-context.ts';
import { writtenLayer } from './written-layer.ts';

/**
 * A build as far as a cache is concerned: opens the folder as cache and launch cache, waits for a line on standard input, adds layers
 * and commits. `node cache-writer.mjs DIRECTORY NAME LAYERS [hang]`; `hang` never ends the last layer.
 */
const [directory = '', name = '', count = '0', mode] = process.argv.slice(2);

async function main(ctx: Context): Promise<void> {
  const cache = await openFolderCache(directory, ctx);
  const store = await openFolderLayerStore(directory, ctx);
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  for (let index = 0; index < Number(count); index += 1) {
    const isLast = index === Number(count) - 1;
    if (mode === 'hang' && isLast) process.stdout.write('hanging\n');
    const layer = writtenLayer(`${name}-${String(index)}`, { isEndless: mode === 'hang' && isLast });
    await store.add(layer, ctx);
    await cache.add(layer, ctx);
    await cache.add(writtenLayer('shared'), ctx);
  }
  await cache.commit(JSON.stringify({ by: name }), ctx);
  process.stdin.unref();
  process.stdout.write('done\n');
}

await withContext({}, main);
