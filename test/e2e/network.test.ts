import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildFixture } from '../support/build-fixture.ts';
import { assertSucceeded, runBuild, runCreator } from '../support/build-runs.ts';
import { temporaryDirectory } from '../support/context.ts';
import { AMD64, lifecycleBed } from '../support/lifecycle-bed.ts';
import { putBase } from '../support/base-images.ts';
import { lifecycle } from '../support/program.ts';

/** Loaded into a program: writes down each attempt to open a connection or to look a name up. */
const WATCH = `
import { appendFileSync } from 'node:fs';
import dns from 'node:dns';
import net from 'node:net';
const log = (what) => appendFileSync(process.env.WATCH_LOG, what + '\\n');
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) { log('connect ' + JSON.stringify(args[0])); return connect.apply(this, args); };
for (const holder of [dns, dns.promises])
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
    const original = holder[name];
    holder[name] = (...args) => { log(name + ' ' + args[0]); return original.apply(holder, args); };
  }
`;

describe('the network', () => {
  it('is not touched when all images are in layouts (G-10)', async (t) => {
    const watch = temporaryDirectory(t);
    chmodSync(watch, 0o777);
    writeFileSync(join(watch, 'watch.mjs'), WATCH);
    const log = join(watch, 'log');
    const env = { NODE_OPTIONS: `--import ${join(watch, 'watch.mjs')}`, WATCH_LOG: log };
    const fixture = await buildFixture(t);
    const caches = ['-cache-image', 'oci:cached', '-previous-image', 'oci:out'];
    assertSucceeded(await runCreator(fixture, [...caches, 'oci:out'], { env }));
    const layout = ['-layout', '-layout-dir', join(fixture.directory, 'layouts')];
    assertSucceeded(
      await runCreator(fixture, [...layout, 'registry.example/acme/shop'], {
        env: { ...env, CNB_EXPERIMENTAL_MODE: 'quiet' },
      }),
    );
    assertSucceeded(await runBuild(fixture, ['--output', 'oci:out', '--output', 'oci-archive:out.tar'], { env }));
    assert.equal(existsSync(log), false, existsSync(log) ? readFileSync(log, 'utf8') : '');
    // The watch sees what there is to be seen.
    await runBuild(fixture, ['--output', 'docker://127.0.0.1:1/shop'], { env });
    assert.match(readFileSync(log, 'utf8'), /^connect .*127\.0\.0\.1/m);
  });
});

describe('credentials that only root can read', () => {
  it(
    'are read before the analyzer becomes another user (G-04)',
    { skip: process.getuid?.() !== 0 && 'not root' },
    async (t) => {
      const bed = await lifecycleBed(t, { auth: { kind: 'basic', users: { ann: 'secret' } } });
      await bed.put('base/run:1', (sink) => putBase(sink, AMD64, bed.ctx));
      const home = temporaryDirectory(t);
      mkdirSync(join(home, '.docker'), { mode: 0o700 });
      const config = { credHelpers: { [bed.registry]: 'root' } };
      writeFileSync(join(home, '.docker/config.json'), JSON.stringify(config), { mode: 0o600 });
      bed.write(
        'bin/docker-credential-root',
        '#!/bin/sh\n[ "$(id -u)" = 0 ] || exit 1\necho \'{"Username":"ann","Secret":"secret"}\'\n',
        0o755,
      );
      const images = ['-run-image', `${bed.registry}/base/run:1`, `${bed.registry}/acme/shop`];
      const result = await lifecycle('analyzer', ['-layers', 'layers', '-uid', '1000', '-gid', '1000', ...images], {
        cwd: bed.directory,
        env: { HOME: home, PATH: `${join(bed.directory, 'bin')}:/usr/bin:/bin`, CNB_NO_COLOR: '1' },
      });
      assert.equal(result.code, 0, result.stdout);
      assert.match(bed.text('layers/analyzed.toml'), /base\/run@sha256:/);
    },
  );
});
