import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../support/context.ts';
import { slipway } from '../support/program.ts';

describe('slipway cache', () => {
  it('ls, du and prune say what is there, what it takes and what went', async (t) => {
    const root = join(temporaryDirectory(t), 'cache');
    const env = { SLIPWAY_CACHE_DIR: root };
    assert.deepEqual(await slipway(['cache', 'ls'], { env }), {
      code: 0,
      signal: null,
      stdout: '',
      stderr: `there is nothing in ${root}\n`,
    });
    mkdirSync(join(root, 'builds/shop'), { recursive: true });
    writeFileSync(join(root, 'builds/shop/blob'), Buffer.alloc(2500));
    const [list, usage, json, dry] = await Promise.all([
      slipway(['cache', 'ls'], { env }),
      slipway(['cache', 'du'], { env }),
      slipway(['cache', 'ls', '--json'], { env }),
      slipway(['cache', 'prune', '--older-than', '1d', '--max-size', '3kB', '--dry-run'], { env }),
    ]);
    assert.equal(list.stdout, 'KIND    NAME    SIZE  LAST USE  OF\nbuilds  shop  2.5 kB  now\n');
    assert.match(usage.stdout, /^builds +1 +2\.5 kB +2\.5 kB +caches of builds$/m);
    assert.match(usage.stdout, /^total +1 +2\.5 kB/m);
    assert.match(json.stdout, /"area":"builds","name":"shop",.*"bytes":2500,.*"isInUse":false/);
    assert.equal(dry.stdout, 'would remove 0 B; 2.5 kB would stay\n');
    const pruned = await slipway(['cache', 'prune', '--max-size', '1kB'], { env });
    assert.equal(pruned.stdout, 'removed builds shop   2.5 kB\nremoved 2.5 kB; 0 B left\n');
    assert.equal(existsSync(join(root, 'builds/shop')), false);
  });

  it('a bad amount exits 3', async () => {
    for (const args of [
      ['--max-size', 'much'],
      ['--older-than', '5'],
    ])
      assert.equal((await slipway(['cache', 'prune', ...args])).code, 3);
  });
});
