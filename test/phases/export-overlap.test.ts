import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { secretForms } from '../../src/core/secret-forms.ts';
import { isScratch } from '../../src/image/plan.ts';
import type { StagedBlob, BlobStaging } from '../../src/ports/store.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';
import { temporaryDirectory } from '../support/context.ts';
import { exportWorld } from '../support/export-world.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

/** Without overlap the tests below would wait for ever. */
const PATIENCE = { timeout: 20_000 };

describe('exportImage: layers leave while others are made (performance.md §9)', () => {
  it(
    'the upload of a layer ends before the last layer is packed, and the base was there before any',
    PATIENCE,
    async (t) => {
      const world = await exportWorld(t);
      for (const name of ['one', 'two', 'three']) world.layer(name, { launch: true });
      const base = world.input.runImage;
      const digests = isScratch(base) ? [] : base.layers.map(({ descriptor }) => descriptor.digest);
      const [sent, checked] = [gate(), gate()];
      const registry = await startRegistry(t, {
        onRequest: ({ method, path }) => {
          if (method === 'HEAD' && digests.some((digest) => path.endsWith(digest))) checked.open();
          if (method === 'PUT' && !digests.some((digest) => path.includes(encodeURIComponent(digest)))) sent.open();
        },
      });
      const staging = stagingOf(
        new BlobDirectory(temporaryDirectory(t)),
        (at) => (at === 0 ? checked.opened : sent.opened),
        0,
      );
      const output = await world.export([`${registry.name}/my/app:v1`], { staging });
      assert.equal(output.outputs[0]?.error, undefined);
      assert.equal((await world.find(`${registry.name}/my/app:v1`)).manifestDigest, output.digest);
      assert.deepEqual(kinds(registry).slice(-2), ['blob', 'manifest']);
    },
  );

  it('an output that fails on the way leaves the others and is told at the end', async (t) => {
    const world = await exportWorld(t);
    for (const name of ['one', 'two', 'three']) world.layer(name, { launch: true });
    const seen = gate();
    const registry = await startRegistry(t, {
      intercept: ({ method }) => (method === 'POST' ? { kind: 'answer', status: 403 } : undefined),
      onRequest: ({ method }) => {
        if (method === 'POST') seen.open();
      },
    });
    const staging = stagingOf(new BlobDirectory(temporaryDirectory(t)), () => seen.opened);
    const layout = `oci:${temporaryDirectory(t)}/layout:v1`;
    const output = await world.export([`${registry.name}/my/app:v1`, layout], { staging });
    assert.match(output.outputs[0]?.error ?? '', /403|denied|not allowed/i);
    assert.equal(output.outputs[1]?.error, undefined);
    assert.equal((await world.find(layout)).manifestDigest, output.digest);
    assert.ok(!registry.requests.some(({ path }) => path.includes('/manifests/')));
  });

  it('a layer that cannot be made ends the uploads; nothing is visible anywhere', PATIENCE, async (t) => {
    const world = await exportWorld(t);
    for (const name of ['one', 'two', 'three']) world.layer(name, { launch: true });
    const seen = gate();
    const registry = await startRegistry(t, {
      onRequest: ({ method, path }) => {
        if (method === 'PUT' && path.includes('/blobs/')) seen.open();
      },
    });
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'app.tar'), 'the archive of yesterday');
    const staging = stagingOf(new BlobDirectory(temporaryDirectory(t)), async () => {
      await seen.opened;
      throw new Error('no room for layers');
    });
    const outputs = [
      `${registry.name}/my/app:v1`,
      `docker-archive:${directory}/app.tar:my/app`,
      `oci:${directory}/out:v1`,
    ];
    await assert.rejects(world.export(outputs, { staging }), { message: 'no room for layers' });
    const asked = registry.requests.length;
    assert.ok(!registry.requests.some(({ method, path }) => method === 'PUT' && path.includes('/manifests/')));
    assert.equal(readFileSync(join(directory, 'app.tar'), 'utf8'), 'the archive of yesterday');
    assert.ok(!readdirSync(join(directory, 'out')).includes('index.json'));
    assert.deepEqual(readdirSync(world.ctx.tmp), []);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(registry.requests.length, asked);
  });

  it('with secrets no blob leaves before the config was looked at', async (t) => {
    const world = await exportWorld(t);
    const registry = await startRegistry(t);
    const secret = 'correct horse battery staple';
    const edits = {
      secretForms: secretForms([{ id: 'token', bytes: Buffer.from(secret) }]),
      projectMetadata: JSON.stringify({ source: { metadata: { note: secret } } }),
    };
    await assert.rejects(world.export([`${registry.name}/my/app:v1`], {}, edits), { code: 'SECRET_IN_IMAGE' });
    assert.deepEqual(
      registry.requests.filter(({ method, path }) => method === 'PUT' || path.includes('sha256')),
      [],
    );
  });

  it('an archive has the same bytes whatever layer comes first', async (t) => {
    const directory = temporaryDirectory(t);
    const world = await exportWorld(t);
    for (const name of ['one', 'two', 'three']) world.layer(name, { launch: true });
    const archives: Buffer[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const file = join(directory, 'app.tar');
      // Another layer is late each time.
      const staging = stagingOf(new BlobDirectory(temporaryDirectory(t)), (at) => ticks(at === turn % 5 ? 40 : 0), 0);
      await world.export([`docker-archive:${file}:my/app`], { staging });
      archives.push(readFileSync(file));
      rmSync(file);
    }
    for (const bytes of archives) assert.ok(bytes.equals(archives[0] ?? Buffer.alloc(0)));
  });
});

/** Opened once; `opened` waits for it. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

/** A staging area whose blobs from number `from` on are not there before `wait` ends. */
function stagingOf(blobs: BlobDirectory, wait: (at: number) => Promise<void>, from = 1): BlobStaging {
  let count = 0;
  return {
    begin: (): StagedBlob => {
      const staged = blobs.begin();
      const at = count;
      count += 1;
      return {
        ...staged,
        commit: async (descriptor) => {
          if (at >= from) await wait(at);
          return staged.commit(descriptor);
        },
      };
    },
  };
}

async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What was sent, in its order. */
function kinds({ requests }: TestRegistry): readonly string[] {
  return requests
    .filter(({ method }) => method === 'PUT')
    .map(({ path }) => (path.includes('/blobs/') ? 'blob' : 'manifest'));
}
