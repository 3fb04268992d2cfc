// `npm run bench`: every measurement of scripts/bench/, one after the other. Each runs alone too.
await import('./bench/export-memory.mjs');
await import('./bench/registry-blob.mjs');
await import('./bench/registry-copy.mjs');
await import('./bench/unpack.mjs');
await import('./bench/second-build.mjs');
