import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { listCacheEntries } from '../../../src/cache/cache-entries.ts';
import { pruneCache } from '../../../src/cache/prune.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { DownloadPlace } from '../../../src/platform/download/download-place.ts';
import { openDownload, type DownloadOptions } from '../../../src/platform/download/open-download.ts';
import type { RegistryOptions } from '../../../src/registry/options.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../../support/context.ts';
import { startFileServer, type FileServer } from '../../support/file-server.ts';

interface Scene {
  readonly root: string;
  readonly ctx: TestContextOf;
  readonly server: FileServer;
  /** The contents of what is downloaded from that path. */
  readonly get: (path: string, options?: DownloadOptions & Partial<RegistryOptions>) => Promise<string>;
  readonly place: (options?: Partial<RegistryOptions>) => DownloadPlace;
}

async function scene(t: TestContext): Promise<Scene> {
  const [root, ctx, server] = [temporaryDirectory(t), testContext(t), await startFileServer(t)];
  const place: Scene['place'] = (options = {}) => ({
    directory: join(root, 'downloads'),
    registry: {
      insecure: [],
      credentials: { find: () => Promise.reject(new Error('no credentials are looked up')) },
      userAgent: 'test',
      retry: { attempts: 3, baseDelayMs: 1 },
      ...options,
    },
  });
  return {
    root,
    ctx,
    server,
    place,
    get: async (path, { digest, maxBytes, ...options } = {}) => {
      await using file = await openDownload(`${server.url}${path}`, place(options), ctx, {
        ...(digest === undefined ? {} : { digest }),
        ...(maxBytes === undefined ? {} : { maxBytes }),
      });
      return readFileSync(file.path, 'utf8');
    },
  };
}

describe('openDownload', () => {
  it('asks by ETag whether a kept copy is still the one, and takes the new one when it is not', async (t) => {
    const { server, get, ctx, root } = await scene(t);
    server.set('/a.tgz', { headers: { etag: '"1"' }, body: 'one' });
    assert.deepEqual([await get('/a.tgz'), await get('/a.tgz')], ['one', 'one']);
    server.set('/a.tgz', { headers: { etag: '"2"' }, body: 'two!' });
    assert.equal(await get('/a.tgz'), 'two!');
    assert.deepEqual(
      server.requests.map(({ headers }) => headers['if-none-match']),
      [undefined, '"1"', '"1"'],
    );
    assert.deepEqual(
      ctx.events.map((event) => (event.type === 'file.downloaded' ? `${event.from} ${String(event.bytes)}` : '')),
      ['network 3', 'cache 3', 'network 4'],
    );
    const [entry] = await listCacheEntries(root, ctx);
    assert.deepEqual([entry?.area, entry?.subject], ['downloads', `${server.url}/a.tgz`]);
    assert.equal(readdirSync(entry?.path ?? '').length, 2, 'the old file is gone');
  });

  it('asks by Last-Modified where there is no ETag, and again where there is neither', async (t) => {
    const { server, get } = await scene(t);
    const date = 'Mon, 01 Jan 2024 00:00:00 GMT';
    server.set('/dated', ({ headers }) =>
      headers['if-modified-since'] === date ? { status: 304 } : { headers: { 'last-modified': date }, body: 'dated' },
    );
    server.set('/plain', { body: 'plain' });
    assert.deepEqual([await get('/dated'), await get('/dated')], ['dated', 'dated']);
    assert.deepEqual([await get('/plain'), await get('/plain')], ['plain', 'plain']);
    assert.equal(server.requests.length, 4);
  });

  it('without a network a kept copy is used with a warning, and none is an error', async (t) => {
    const { server, get, ctx } = await scene(t);
    server.set('/a', { body: 'a' });
    await get('/a');
    assert.equal(await get('/a', { offline: true }), 'a');
    server.set('/a', { status: 503 });
    assert.equal(await get('/a'), 'a');
    assert.equal(ctx.events.filter((event) => event.type === 'warning').length, 2);
    await assert.rejects(() => get('/b', { offline: true }), {
      code: 'REGISTRY_UNREACHABLE',
      message: `cannot download ${server.url}/b: ${new URL(server.url).host} is not asked: the network is switched off`,
    });
  });

  it('one that is gone, or that is not the expected one, is an error although a copy was kept', async (t) => {
    const { server, get } = await scene(t);
    server.set('/a', { body: 'a' });
    await get('/a');
    server.set('/a', { status: 404 });
    await assert.rejects(() => get('/a'), { code: 'DOWNLOAD_FAILED', message: `${server.url}/a does not exist` });
    server.set('/a', { body: 'b' });
    await assert.rejects(() => get('/a', { digest: digestOf(Buffer.from('c')) }), { code: 'CONTENT_MISMATCH' });
    assert.equal(await get('/a', { offline: true }), 'a', 'what was not expected is not kept');
  });

  it('a copy of the expected digest is used without a request', async (t) => {
    const { server, get } = await scene(t);
    const digest = digestOf(Buffer.from('a'));
    server.set('/a', { body: 'a' });
    assert.deepEqual([await get('/a', { digest }), await get('/a', { digest })], ['a', 'a']);
    assert.equal(server.requests.length, 1);
  });

  it('a connection that is cut is tried again, and what it brought is never seen', async (t) => {
    const { root, server, get } = await scene(t);
    server.set('/a', () => ({ body: 'whole file', ...(server.requests.length < 2 ? { cutAfter: 4 } : {}) }));
    assert.equal(await get('/a'), 'whole file');
    server.set('/b', { body: 'whole file', cutAfter: 4 });
    await assert.rejects(() => get('/b'), { code: 'REGISTRY_UNREACHABLE' });
    const files = readdirSync(join(root, 'downloads'), { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.filter((name) => name.endsWith('.tmp')),
      [],
    );
    assert.equal(files.filter((name) => name.endsWith('record.json')).length, 1);
  });

  it('credentials of the URL go to its origin and to no other, and more than the limit is not taken', async (t) => {
    const { server, ctx, place } = await scene(t);
    const other = await startFileServer(t);
    other.set('/moved', { body: 'here' });
    server.set('/a', { status: 302, headers: { location: `${other.url}/moved` } });
    const url = `${server.url.replace('http://', 'http://ann:s%20cret@')}/a?token=hidden`;
    server.set('/a?token=hidden', { status: 302, headers: { location: `${other.url}/moved` } });
    await using file = await openDownload(url, place(), ctx);
    assert.equal(readFileSync(file.path, 'utf8'), 'here');
    assert.equal(server.requests[0]?.headers['authorization'], `Basic ${Buffer.from('ann:s cret').toString('base64')}`);
    assert.equal(other.requests[0]?.headers['authorization'], undefined);
    const kept = readdirSync(place().directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('record.json'))
      .map((name) => readFileSync(join(place().directory, name), 'utf8'));
    assert.doesNotMatch(`${kept.join()}${JSON.stringify(ctx.events)}`, /hidden|cret/);
    server.set('/large', { body: 'too large' });
    await assert.rejects(() => openDownload(`${server.url}/large`, place(), ctx, { maxBytes: 8 }), {
      code: 'DOWNLOAD_FAILED',
    });
  });

  it('several at once download one time; a copy in use is not removed', async (t) => {
    const { root, server, place, ctx } = await scene(t);
    server.set('/a', { headers: { etag: '"1"' }, body: 'a' });
    const url = `${server.url}/a`;
    const files = await Promise.all([1, 2, 3].map(() => openDownload(url, place(), ctx)));
    assert.equal(new Set(files.map(({ path }) => path)).size, 1);
    assert.equal(server.requests.filter(({ headers }) => headers['if-none-match'] === undefined).length, 1);
    assert.equal((await pruneCache(root, ctx)).removed.length, 0);
    server.set('/a', { headers: { etag: '"2"' }, body: 'b' });
    await using next = await openDownload(url, place(), ctx);
    assert.equal(readFileSync(files[0]?.path ?? '', 'utf8'), 'a', 'readers keep what they opened');
    assert.equal(readFileSync(next.path, 'utf8'), 'b');
    for (const file of [...files, next]) await file.release();
    assert.equal((await pruneCache(root, ctx)).removed.length, 1);
    assert.equal(existsSync(next.path), false);
  });

  it('a file:// URL is the file itself; other schemes and plain HTTP elsewhere are refused', async (t) => {
    const { root, place, ctx } = await scene(t);
    writeFileSync(join(root, 'my file'), 'x');
    const file = await openDownload(pathToFileURL(join(root, 'my file')).href, place(), ctx);
    assert.equal(file.path, join(root, 'my file'));
    for (const [url, code] of [
      ['file:///no/such/file', 'FILE_NOT_FOUND'],
      ['ftp://example/a', 'ARGUMENT_INVALID'],
      ['http://example.invalid/a', 'REGISTRY_INSECURE'],
    ] as const)
      await assert.rejects(() => openDownload(url, place(), ctx), { code });
  });
});
