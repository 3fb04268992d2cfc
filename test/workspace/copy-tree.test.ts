import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { copyTree } from '../../src/workspace/copy-tree.ts';
import { testContext, temporaryDirectory } from '../support/context.ts';
import { rejectionOf } from '../support/failure.ts';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.ts';

describe('the copy of an app', () => {
  it('has every file with its mode, links as links, hidden files too', async (t) => {
    const { from, to } = directories(t);
    mkdirSync(join(from, 'deep/er'), { recursive: true });
    writeFileSync(join(from, 'deep/er/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(from, '.hidden'), 'x', { mode: 0o640 });
    symlinkSync('../nowhere', join(from, 'deep/link'));
    chmodSync(join(from, 'deep'), 0o555);
    await copyTree(from, to, testContext(t));
    assert.equal(readFileSync(join(to, 'deep/er/run.sh'), 'utf8'), '#!/bin/sh\n');
    assert.equal(lstatSync(join(to, 'deep/er/run.sh')).mode & 0o777, 0o755);
    assert.equal(lstatSync(join(to, '.hidden')).mode & 0o777, 0o640);
    assert.equal(lstatSync(join(to, 'deep')).mode & 0o777, 0o555);
    assert.equal(readlinkSync(join(to, 'deep/link')), '../nowhere');
    for (const directory of [from, to]) chmodSync(join(directory, 'deep'), 0o755);
  });

  it('has bytes, times and set-id bits of files of every size, and gives them to an owner', async (t) => {
    const { from, to } = directories(t);
    const sizes = [0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000];
    const time = { atime: 1_234_567_890.123456, mtime: 1_700_000_000.654321 };
    for (const size of sizes) {
      writeFileSync(join(from, String(size)), bytesOf(size));
      chmodSync(join(from, String(size)), 0o6751);
      utimesSync(join(from, String(size)), time.atime, time.mtime);
    }
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const owner = own.uid === 0 ? { uid: 1234, gid: 5678 } : own;
    await copyTree(from, to, testContext(t), { owner });
    for (const size of sizes) {
      const [source, copy] = [from, to].map((place) => lstatSync(join(place, String(size)), { bigint: true }));
      assert.ok(source !== undefined && copy !== undefined);
      assert.ok(readFileSync(join(to, String(size))).equals(bytesOf(size)));
      assert.deepEqual([copy.mode, Number(copy.uid), Number(copy.gid)], [source.mode, owner.uid, owner.gid]);
      // Times go through Node as a number, which has room for microseconds.
      const off = Number(copy.mtimeNs - source.mtimeNs);
      assert.ok(Math.abs(off) < 1000, `${String(off)} ns`);
    }
  });

  it('keeps names of any bytes', async (t) => {
    const { from, to } = directories(t);
    const name = Buffer.from([0x66, 0xff, 0xfe, 0x0a]);
    writeFileSync(Buffer.concat([Buffer.from(`${from}/`), name]), 'odd');
    await copyTree(from, to, testContext(t));
    assert.deepEqual(readdirSync(to, { encoding: 'buffer' }), [name]);
  });

  it('leaves out what the build itself writes', async (t) => {
    const { from, to } = directories(t);
    mkdirSync(join(from, 'out'));
    writeFileSync(join(from, 'out/index.json'), '{}');
    writeFileSync(join(from, 'app.js'), '');
    await copyTree(from, to, testContext(t), { skip: new Set([join(from, 'out')]) });
    assert.deepEqual(readdirSync(to), ['app.js']);
  });

  it('moves files of a source that is of no use afterwards, but never one of several names', async (t) => {
    const { from, to } = directories(t);
    for (const name of ['once', 'twice']) writeFileSync(join(from, name), name);
    linkSync(join(from, 'twice'), join(from, 'again'));
    const inode = lstatSync(join(from, 'once')).ino;
    await copyTree(from, to, testContext(t), { maySpend: true });
    assert.deepEqual(readdirSync(to).sort(), ['again', 'once', 'twice']);
    assert.equal(lstatSync(join(to, 'once')).ino, inode);
    assert.notEqual(lstatSync(join(to, 'twice')).ino, lstatSync(join(to, 'again')).ino);
  });

  it('says that a pipe is left out', { skip: process.platform === 'win32' }, async (t) => {
    const { from, to } = directories(t);
    execFileSync('mkfifo', [join(from, 'pipe')]);
    const ctx = testContext(t);
    await copyTree(from, to, ctx);
    assert.equal(existsSync(join(to, 'pipe')), false);
    assert.deepEqual(
      ctx.events.map((event) => (event.type === 'warning' ? event.code : event.type)),
      ['SPECIAL_FILE_SKIPPED'],
    );
  });

  it('names the file that cannot be read', async (t) => {
    const { from, to } = directories(t);
    writeFileSync(join(from, 'secret'), '', { mode: 0 });
    giveToOrdinaryUser(to, 0o755);
    const error = await rejectionOf(asOrdinaryUser(() => copyTree(from, to, testContext(t))));
    assert.equal(error.code, 'FILE_NOT_READABLE');
    assert.match(error.message, /secret/);
  });
});

function directories(t: TestContext): { readonly from: string; readonly to: string } {
  const base = temporaryDirectory(t);
  const [from, to] = [join(base, 'from'), join(base, 'to')];
  mkdirSync(from);
  mkdirSync(to);
  return { from, to };
}

/** With a period that no block size has. */
function bytesOf(size: number): Buffer {
  return Buffer.alloc(size, 'a period of 23 letters.');
}
