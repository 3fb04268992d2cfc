import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  rmdirSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { SlipwayError } from '../../src/core/errors.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import { extractLayer } from '../../src/layer/extract.ts';
import { hashLayer } from '../../src/layer/hash.ts';
import { packLayer } from '../../src/layer/pack.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { unpackGoldenApp, virtualPlace } from '../support/layer-tree.ts';
import { fileStaging } from '../support/staging.ts';
import { archive, entry, extended, layerOf, record } from '../support/tar.ts';

interface Scene {
  /** The real directory of the place `/w`. */
  readonly root: string;
  /** A directory beside it that nothing may touch. */
  readonly outside: string;
  readonly ctx: TestContextOf;
  readonly extract: (...parts: readonly Buffer[]) => Promise<void>;
}

function scene(t: TestContext): Scene {
  const ctx = testContext(t);
  const base = temporaryDirectory(t);
  const [root, outside] = [join(base, 'root'), join(base, 'outside')];
  mkdirSync(root);
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'untouched');
  const places = [virtualPlace('/w', root)];
  return { root, outside, ctx, extract: (...parts) => extractLayer(layerOf(archive(...parts)), ctx, { places }) };
}

/** Everything below a directory. */
function tree(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
}

const link = (name: string, linkname: string): Buffer => entry({ name, type: 'symlink', linkname });
const hardlink = (name: string, linkname: string): Buffer => entry({ name, type: 'hardlink', linkname });
const file = (name: string, body = 'evil'): Buffer => entry({ name, body });
const directory = (name: string, mode = 0o755): Buffer => entry({ name, type: 'directory', mode });

describe('extractLayer', () => {
  it('gives back what was packed, with modes', async (t) => {
    const ctx = testContext(t);
    const [app, copy] = [temporaryDirectory(t), temporaryDirectory(t)];
    unpackGoldenApp('app-v1.tar', app);
    writeFileSync(join(app, 'suid'), 'x');
    chmodSync(join(app, 'suid'), 0o4755);
    mkdirSync(join(app, 'locked'));
    writeFileSync(join(app, 'locked/in'), 'x');
    chmodSync(join(app, 'locked'), 0o555);
    const source = { kind: 'slice', place: virtualPlace('/workspace', app), paths: 'all' } as const;
    const staging = fileStaging(temporaryDirectory(t));
    const {
      layers: [layer],
    } = await packLayer(source, staging, ctx, { compressions: [DEFAULT_COMPRESSION], family: 'oci' });
    const place = virtualPlace('/workspace', join(copy, 'not/yet/there'));
    await extractLayer(layer, ctx, { places: [place] });
    assert.equal(await hashLayer({ ...source, place }, ctx), layer.diffId);
    await extractLayer(layer, ctx, { places: [place] });
    assert.equal(await hashLayer({ ...source, place }, ctx), layer.diffId, 'also over itself');
  });

  it('sends each name to its place, the deepest one first, and skips directories above', async (t) => {
    const base = temporaryDirectory(t);
    const places = [virtualPlace('/layers', join(base, 'l')), virtualPlace('/layers/deep', join(base, 'd'))];
    const layer = layerOf(
      archive(directory('/layers'), file('/layers/a'), file('layers/deep/b'), file('./layers/./c')),
    );
    await extractLayer(layer, testContext(t), { places });
    assert.deepEqual(tree(base), ['d', 'd/b', 'l', 'l/a', 'l/c']);
  });

  it('makes missing parents by the umask, new directories as in the tar, and keeps the mode of those that exist (R-33)', async (t) => {
    const { root, extract } = scene(t);
    mkdirSync(join(root, 'kept'), { mode: 0o750 });
    mkdirSync(join(root, 'by-umask'));
    const { mode: usual } = statSync(join(root, 'by-umask'));
    rmdirSync(join(root, 'by-umask'));
    writeFileSync(join(root, 'kept/old'), 'old');
    await extract(file('/w/a/b/c'), directory('/w/kept', 0o777), directory('/w/new', 0o700), file('/w/kept/new'));
    assert.deepEqual(tree(root), ['a', 'a/b', 'a/b/c', 'kept', 'kept/new', 'kept/old', 'new']);
    assert.equal(statSync(join(root, 'kept')).mode & 0o7777, 0o750);
    assert.equal(statSync(join(root, 'new')).mode & 0o7777, 0o700);
    for (const parent of ['a', 'a/b']) assert.equal(statSync(join(root, parent)).mode, usual, parent);
  });

  it('replaces files, links and whole directories; the last of two entries wins (GAP-29)', async (t) => {
    const { root, outside, extract } = scene(t);
    symlinkSync(join(outside, 'secret'), join(root, 'was-link'));
    symlinkSync(outside, join(root, 'was-dir-link'));
    mkdirSync(join(root, 'was-dir/x'), { recursive: true });
    writeFileSync(join(root, 'was-file'), 'old');
    await extract(
      file('/w/was-link', 'new'),
      directory('/w/was-dir-link'),
      file('/w/was-dir-link/f', 'new'),
      file('/w/was-dir', 'new'),
      link('/w/was-file', 'target'),
      file('/w/twice', 'first'),
      file('/w/twice', 'second'),
      file('/w/mixed', 'file'),
      directory('/w/mixed'),
      file('/w/mixed/in', 'dir'),
    );
    assert.equal(readFileSync(join(root, 'was-link'), 'utf8'), 'new');
    assert.equal(lstatSync(join(root, 'was-dir-link')).isDirectory(), true);
    assert.equal(readFileSync(join(root, 'was-dir'), 'utf8'), 'new');
    assert.equal(readlinkSync(join(root, 'was-file')), 'target');
    assert.equal(readFileSync(join(root, 'twice'), 'utf8'), 'second');
    assert.equal(readFileSync(join(root, 'mixed/in'), 'utf8'), 'dir');
    assert.deepEqual(tree(outside), ['secret']);
    assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'untouched');
  });

  it('keeps hard links to files inside (GAP-29)', async (t) => {
    const { root, extract } = scene(t);
    await extract(file('/w/one', 'body'), hardlink('/w/d/two', '/w/one'), hardlink('/w/one', 'w/one'));
    assert.equal(readFileSync(join(root, 'd/two'), 'utf8'), 'body');
    assert.equal(statSync(join(root, 'one')).nlink, 2);
  });

  it('leaves devices and fifos out with a warning, and takes whiteouts for files', async (t) => {
    const { root, ctx, extract } = scene(t);
    await extract(
      entry({ name: '/w/null', type: 'char', devMajor: 1, devMinor: 3 }),
      entry({ name: '/w/disk', type: 'block' }),
      entry({ name: '/w/pipe', type: 'fifo' }),
      file('/w/.wh.x', ''),
    );
    assert.deepEqual(tree(root), ['.wh.x']);
    const codes = ctx.events.map((event) => (event.type === 'warning' ? event.code : event.type));
    assert.deepEqual(codes, ['ENTRY_SKIPPED', 'ENTRY_SKIPPED', 'ENTRY_SKIPPED']);
  });

  it('writes names of any bytes', async (t) => {
    const { root, extract } = scene(t);
    const name = Buffer.concat([Buffer.from('/w/'), Buffer.from([0xff, 0x0a, 0x5c])]);
    await extract(entry({ name, body: 'x' }));
    assert.deepEqual(readdirSync(root, { encoding: 'buffer' }), [name.subarray(3)]);
  });

  const attacks: Readonly<Record<string, readonly Buffer[]>> = {
    'a name with ..': [file('/w/../outside/f')],
    'a relative name with ..': [file('../outside/f')],
    'a name that goes in and out': [file('/w/a/../../outside/f')],
    'a name elsewhere': [file('/outside/f')],
    'a link elsewhere': [link('/etc', '/w')],
    'a file with the name of the place': [file('/w')],
    'a name that only begins like the place': [file('/www/f')],
    'a link and a write through it': [link('/w/l', '../outside'), file('/w/l/f')],
    'an absolute link and a write through it': [link('/w/l', '/'), file('/w/l/tmp/f')],
    'a link to a link': [link('/w/a', '..'), link('/w/b', 'a'), file('/w/b/outside/f')],
    'a link loop': [link('/w/a', 'b'), link('/w/b', 'a'), file('/w/a/f')],
    'a directory that becomes a link': [directory('/w/d'), file('/w/d/in'), link('/w/d', '../outside'), file('/w/d/f')],
    'a directory below a link': [link('/w/l', '../outside'), directory('/w/l/d')],
    'a link below a link': [link('/w/l', '../outside'), link('/w/l/x', 'y')],
    'a hard link to a file outside': [hardlink('/w/h', '/outside/secret')],
    'a hard link with ..': [hardlink('/w/h', '/w/../outside/secret')],
    'a hard link through a link': [link('/w/l', '../outside'), hardlink('/w/h', '/w/l/secret'), file('/w/h')],
    'a hard link below a file': [file('/w/f'), hardlink('/w/h', '/w/f/x/y')],
    'a hard link to a link': [link('/w/l', '../outside/secret'), hardlink('/w/h', '/w/l'), file('/w/h')],
    'a NUL byte in a name': [extended('x', record('path', '/w/a\0b')), file('/w/c')],
  };
  for (const [name, parts] of Object.entries(attacks)) {
    it(`refuses ${name}, naming digest and entry, and leaves nothing (GAP-29)`, async (t) => {
      const { root, outside, extract } = scene(t);
      await assert.rejects(extract(...parts), {
        code: 'ARCHIVE_UNSAFE',
        message: /^layer sha256:[0-9a-f]{64}: .*entry .*(".+"|at byte)/,
      });
      assert.deepEqual(tree(outside), ['secret']);
      assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'untouched');
      assert.deepEqual(tree(root), []);
    });
  }

  it('refuses what makes no sense: a hard link before its target, a file below a file, a link to nothing', async (t) => {
    for (const parts of [
      [hardlink('/w/h', '/w/later'), file('/w/later')],
      [file('/w/f'), file('/w/f/g')],
      [entry({ name: '/w/l', type: 'symlink' })],
      [directory('/w/d'), file('/w/d/f'), hardlink('/w/d', '/w/d/f')],
      [hardlink('/w/h', '/w/no/such')],
    ]) {
      const { root, extract } = scene(t);
      await assert.rejects(extract(...parts), { code: 'ARCHIVE_INVALID' });
      assert.deepEqual(tree(root), []);
    }
  });

  it('takes away what it made when the layer turns out to be damaged, and keeps what was there', async (t) => {
    const { root, ctx } = scene(t);
    mkdirSync(join(root, 'kept'));
    const tar = archive(directory('/w/kept'), file('/w/kept/new'), directory('/w/d', 0o500), file('/w/d/f'));
    const layer = layerOf(tar, { diffId: `sha256:${'0'.repeat(64)}` });
    const extracting = extractLayer(layer, ctx, { places: [virtualPlace('/w', root)] });
    await assert.rejects(extracting, { code: 'IMAGE_INVALID' });
    assert.deepEqual(tree(root), ['kept']);
  });

  it('names the file when the disk cannot take it', async (t) => {
    const { extract } = scene(t);
    await assert.rejects(extract(file(`/w/${'n'.repeat(300)}`)), {
      code: 'WRITE_FAILED',
      message: /cannot write .*nnn/,
    });
  });

  it('never escapes for 1000 random archives of links, directories and files', async (t) => {
    const part = fc.constantFrom('a', 'b', 'c', '..', '.', '');
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const name = fc.oneof(
      { weight: 8, arbitrary: path.map((text) => `/w/${text}`) },
      { weight: 1, arbitrary: path.map((text) => `/${text}`) },
    );
    const target = fc.oneof(name, path, fc.constantFrom('../outside', '/', '../outside/secret'));
    const one = fc
      .record({ name, target, type: fc.constantFrom('file', 'directory', 'symlink', 'hardlink') })
      .filter((fields) => !(fields.type === 'file' && fields.name.endsWith('/')))
      .map((fields) =>
        entry({
          name: fields.name,
          type: fields.type,
          linkname: fields.type.endsWith('link') ? fields.target : '',
          body: fields.type === 'file' ? 'evil' : '',
        }),
      );
    const { root, outside, extract } = scene(t);
    let extracted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 8 }), async (parts) => {
        try {
          await extract(...parts);
          extracted += 1;
        } catch (error) {
          assert.ok(error instanceof SlipwayError && error.code.startsWith('ARCHIVE_'), String(error));
        }
        assert.deepEqual(readdirSync(outside), ['secret']);
        assert.equal(statSync(join(outside, 'secret')).nlink, 1);
        assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'untouched');
        for (const left of readdirSync(root)) rmSync(join(root, left), { recursive: true });
      }),
      { numRuns: 1000 },
    );
    assert.ok(extracted > 50, String(extracted));
  });
});
