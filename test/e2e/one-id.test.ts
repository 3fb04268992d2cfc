import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { builderBed } from '../support/builder-bed.ts';
import { requirePeer } from '../support/peers.ts';
import { NODE } from '../support/program.ts';

describe('root of a user namespace that knows no other id', () => {
  it('builds as an ordinary user does, with the digest of every other build', async (t) => {
    if (requirePeer(t, 'unshare') === undefined) return;
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const direct = await bed.build(['--output', 'oci:direct', '--quiet']);
    assert.equal(direct.code, 0, direct.stderr);
    const program = [
      NODE,
      resolve('dist/bin/slipway.js'),
      'build',
      'shop',
      '--path',
      'app',
      '--builder',
      'oci:builder',
    ];
    const cache = `${bed.fixture.directory}/cache`;
    const inside = spawnSync('unshare', ['--map-root-user', ...program, '--output', 'oci:inside', '--quiet'], {
      ...bed.options,
      env: { PATH: process.env['PATH'] ?? '', ...bed.options.env, SLIPWAY_CACHE_DIR: cache },
      encoding: 'utf8',
    });
    assert.equal(inside.status, 0, inside.stderr);
    assert.equal(inside.stdout, direct.stdout);
  });
});
