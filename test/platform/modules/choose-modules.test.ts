import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { moduleName } from '../../../src/cnb/module.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { isSameTree } from '../../../src/workspace/same-tree.ts';
import type { ChosenModules } from '../../../src/platform/modules/choose-modules.ts';
import type { ModuleRequest } from '../../../src/platform/modules/module-request.ts';
import { openLayoutSink } from '../../../src/store/layout/layout-sink.ts';
import type { LayerEntry } from '../../../src/layer/layer-source.ts';
import { putBase } from '../../support/base-images.ts';
import { rejectionOf } from '../../support/failure.ts';
import { startFileServer } from '../../support/file-server.ts';
import { locatorOf } from '../../support/locator.ts';
import { moduleBed } from '../../support/module-bed.ts';
import { writeBuildpacks } from '../../support/sample-buildpacks.ts';
import { startRegistry } from '../../support/registry.ts';
import { archive, entry } from '../../support/tar.ts';

const A = { id: 'test/a', build: 'true' };
const B = { id: 'test/b', build: 'true' };
const X = { id: 'test/x', build: 'echo x', toml: 'homepage = "https://x.example"\n' };
const META = {
  id: 'test/meta',
  build: '',
  toml: '[[order]]\n[[order.group]]\nid = "test/x"\nversion = "1.0.0"\n[[order.group]]\nid = "test/a"\nversion = "1.0.0"\n',
};

describe('chooseModules', () => {
  it('finds the same buildpack in every form', async (t) => {
    const bed = moduleBed(t, { base: [A], given: [X] });
    const source = join(bed.directory, bed.at('test/x'));
    const registry = await startRegistry(t);
    const files = await startFileServer(t);
    bed.tar(bed.at('test/x'), 'x.tgz');
    bed.tar(bed.at('test/x'), 'x.tar');
    for (const to of [
      'oci-archive:x.cnb',
      'oci:x-layout',
      'docker-archive:x-docker.tar',
      `docker://${registry.name}/bp/x:1`,
    ])
      await bed.pack(bed.at('test/x'), to);
    for (const name of ['x.tgz', 'x.cnb']) files.set(`/${name}`, { body: readFileSync(join(bed.directory, name)) });
    const forms = [
      bed.at('test/x'),
      source,
      'x.tgz',
      'x.tar',
      'x.cnb',
      'oci:x-layout',
      'oci-archive:x.cnb',
      'docker-archive:x-docker.tar',
      `docker://${registry.name}/bp/x:1`,
      `${registry.name}/bp/x:1`,
      `${files.url}/x.tgz`,
      `${files.url}/x.cnb`,
      `file://${join(bed.directory, 'x.tgz')}`,
      `file://${source}`,
    ];
    for (const form of forms) {
      const chosen = await bed.choose({ group: [form] });
      assert.equal(shown(chosen), 'test/x@1.0.0', form);
      const [module] = chosen.given;
      assert.ok(module !== undefined);
      assert.ok(await isSameTree(module.root, source), form);
      assert.ok(module.root !== source, `${form} is used in place`);
      assert.deepEqual([module.homepage, module.hasBuild], ['https://x.example', true], form);
      assert.equal(await chosen.finders.buildpack.find('test/x', '1.0.0'), module);
    }
  });

  it('gives a directory and a tar the modes that they have in a package, whatever the umask was', async (t) => {
    const bed = moduleBed(t, { given: [X] });
    const source = join(bed.directory, bed.at('test/x'));
    for (const name of ['buildpack.toml', 'bin/build', 'bin'])
      chmodSync(join(source, name), name === 'buildpack.toml' ? 0o600 : 0o700);
    for (const form of [bed.at('test/x'), bed.tar(bed.at('test/x'), 'x.tgz')]) {
      const [module] = (await bed.choose({ group: [form] })).given;
      const modes = ['.', 'bin', 'bin/build', 'buildpack.toml'].map(
        (name) => statSync(join(module?.root ?? '', name)).mode & 0o777,
      );
      assert.deepEqual(modes, [0o755, 0o755, 0o755, 0o644], form);
    }
  });

  it('takes a buildpack of the builder by id, with its version or without', async (t) => {
    const bed = moduleBed(t, { base: [A, B] });
    for (const text of ['test/b', 'test/b@1.0.0', 'urn:cnb:builder:test/b', 'from=builder:test/b@1.0.0']) {
      const chosen = await bed.choose({ group: [text] });
      assert.deepEqual([shown(chosen), chosen.given], ['test/b@1.0.0', []]);
    }
  });

  it('says what the builder has when it has not the one that was named, or several', async (t) => {
    const bed = moduleBed(t, { base: [A, { ...A, version: '2.0.0' }] });
    for (const text of ['test/a@9.9.9', 'test/a@9', 'test/no', 'urn:cnb:builder:test/a@9.9.9']) {
      const error = await rejectionOf(bed.choose({ group: [text] }));
      assert.equal(error.code, 'BUILDPACK_NOT_FOUND', text);
      assert.equal(error.details['has'], 'test/a@1.0.0, test/a@2.0.0');
    }
    const several = await rejectionOf(bed.choose({ group: ['test/a'] }));
    assert.deepEqual([several.code, several.details['has']], ['ARGUMENT_INVALID', 'test/a@1.0.0, test/a@2.0.0']);
  });

  it('puts the builder’s order, and what stands before and behind it, where they were asked for', async (t) => {
    const bed = moduleBed(t, { base: [A, B], given: [X] });
    const x = bed.at('test/x');
    assert.equal(shown(await bed.choose({})), 'test/a@1.0.0 test/b@1.0.0');
    assert.equal(shown(await bed.choose({ group: [x, 'from=builder'] })), 'test/x@1.0.0 test/a@1.0.0 test/b@1.0.0');
    assert.equal(
      shown(await bed.choose({ pre: [x], post: ['test/a'] })),
      'test/x@1.0.0 test/a@1.0.0 test/b@1.0.0 test/a@1.0.0',
    );
    const events = bed.ctx.events.flatMap((event) => (event.type === 'order.chosen' ? [event.source] : []));
    assert.deepEqual(events, [
      'its order',
      'test/x@1.0.0, its order',
      'its order, behind test/x@1.0.0, before test/a@1.0.0',
    ]);
  });

  it('brings a composite buildpack’s parts along, from its package, its package.toml or the builder', async (t) => {
    const bed = moduleBed(t, { base: [A], given: [X, META] });
    const meta = join(bed.directory, bed.at('test/meta'));
    const lacking = await rejectionOf(bed.choose({ group: [bed.at('test/meta')] }));
    assert.deepEqual(
      [lacking.code, lacking.message],
      ['PACKAGE_INCOMPLETE', 'buildpack test/meta@1.0.0 needs test/x@1.0.0'],
    );
    assert.equal(
      shown(await bed.choose({ group: [bed.at('test/meta')], post: [bed.at('test/x')] })),
      'test/meta@1.0.0 test/x@1.0.0',
    );
    const dependencies =
      '[[dependencies]]\nuri = "../../test_x/1.0.0"\n[[dependencies]]\nuri = "../../../builder/cnb/test_a/1.0.0"\n';
    writeFileSync(join(meta, 'package.toml'), dependencies);
    await bed.pack(bed.at('test/meta'), 'oci-archive:meta.cnb');
    await bed.pack(bed.at('test/meta'), 'oci:flat', { flatten: { exclude: [] } });
    for (const form of [bed.at('test/meta'), 'meta.cnb', 'oci:flat']) {
      const chosen = await bed.choose({ group: [form] });
      assert.deepEqual(
        [shown(chosen), chosen.given.map(moduleName).sort()],
        ['test/meta@1.0.0', ['test/a@1.0.0', 'test/meta@1.0.0', 'test/x@1.0.0']],
      );
    }
  });

  it('lets a given buildpack take the place of the builder’s, and warns when it is another', async (t) => {
    const bed = moduleBed(t, { base: [A], given: [A] });
    await bed.choose({ group: [bed.at('test/a')] });
    assert.equal(
      bed.ctx.events.some(({ type }) => type === 'warning'),
      false,
    );
    writeFileSync(join(bed.directory, bed.at('test/a'), 'bin/build'), '#!/bin/sh\necho other\n');
    const chosen = await bed.choose({ group: [bed.at('test/a')] });
    assert.match(
      readFileSync(join((await chosen.finders.buildpack.find('test/a', '1.0.0')).root, 'bin/build'), 'utf8'),
      /other/,
    );
    const [warning] = bed.ctx.events.filter(({ type }) => type === 'warning');
    assert.deepEqual(warning, {
      type: 'warning',
      code: 'BUILDPACK_REPLACED',
      message:
        'buildpack test/a@1.0.0 is in the builder test/builder with other contents: the given one takes its place',
    });
  });

  it('takes one buildpack twice, but not two that call themselves the same', async (t) => {
    const bed = moduleBed(t, { base: [A], given: [X] });
    cpSync(join(bed.directory, bed.at('test/x')), join(bed.directory, 'twin'), { recursive: true });
    assert.equal((await bed.choose({ pre: [bed.at('test/x'), 'twin'] })).given.length, 1);
    writeFileSync(join(bed.directory, 'twin', 'more'), '');
    const error = await rejectionOf(bed.choose({ pre: [bed.at('test/x'), 'twin'] }));
    assert.deepEqual(
      [error.code, error.message],
      ['PACKAGE_INCOMPLETE', 'test/x@1.0.0 is given twice, with different contents'],
    );
  });

  it('makes a buildpack of a script, the same bytes each time', async (t) => {
    const bed = moduleBed(t, {});
    const script: ModuleRequest = {
      kind: 'inline',
      id: 'test/"script"',
      version: '',
      api: '0.12',
      shell: '/bin/bash',
      script: 'echo $PWD\ntouch x',
    };
    const roots = [];
    for (let times = 0; times < 2; times += 1) {
      const chosen = await bed.choose({ group: [script] });
      assert.equal(shown(chosen), 'test/"script"@0.0.0');
      roots.push((await chosen.finders.buildpack.find('test/"script"', '0.0.0')).root);
    }
    const [one = '', other = ''] = roots;
    assert.ok(one !== other && (await isSameTree(one, other)));
    assert.equal(readFileSync(join(one, 'bin/build'), 'utf8'), '#!/bin/bash\n\necho $PWD\ntouch x\n');
    assert.equal(readFileSync(join(one, 'bin/detect'), 'utf8'), '#!/bin/bash\n\nexit 0\n');
  });

  it('opens a package once: later builds find it by its digest', async (t) => {
    const bed = moduleBed(t, { given: [X] });
    await bed.pack(bed.at('test/x'), 'oci:x-layout');
    for (let times = 0; times < 2; times += 1) await bed.choose({ group: ['oci:x-layout'] });
    assert.equal(bed.ctx.events.filter(({ type }) => type === 'rootfs.unpacked').length, 1);
    assert.equal(
      readdirSync(join(bed.directory, 'store')).filter((name) => /^sha256-[0-9a-f]{64}$/.test(name)).length,
      1,
    );
  });

  it('takes a package for the platform of the builder, and says what is on offer', async (t) => {
    const bed = moduleBed(t, { given: [X] });
    await bed.pack(bed.at('test/x'), 'oci:both', { platforms: ['linux/amd64', 'linux/arm64'].map(parsePlatform) });
    await bed.choose({ group: ['oci:both'] }, 'linux/arm64');
    const [unpacked] = bed.ctx.events.filter(({ type }) => type === 'image.resolved');
    assert.deepEqual(unpacked !== undefined && 'platform' in unpacked ? unpacked.platform : '', 'linux/arm64');
    const error = await rejectionOf(bed.choose({ group: ['oci:both'] }, 'linux/s390x'));
    assert.equal(error.code, 'PLATFORM_NOT_FOUND');
  });

  it('tells what is wrong with what was named', async (t) => {
    const bed = moduleBed(t, { base: [A], given: [X] });
    const files = await startFileServer(t);
    await bed.pack(bed.at('test/x'), 'oci:x-layout');
    bed.tar(bed.at('test/x'), 'x.tgz');
    const write = (name: string, bytes: Uint8Array | string): void => writeFileSync(join(bed.directory, name), bytes);
    write('cut.tgz', readFileSync(join(bed.directory, 'x.tgz')).subarray(0, 200));
    write('text.tgz', 'no archive');
    write('empty.tgz', gzipSync(archive(entry({ name: 'README', body: 'x' }))));
    write('out.tgz', gzipSync(archive(entry({ name: 'buildpack.toml' }), entry({ name: '../out', body: 'x' }))));
    const link = { name: 'buildpack.toml', type: 'symlink', linkname: '/etc/passwd' } as const;
    write('link.tgz', gzipSync(archive(entry(link))));
    mkdirSync(join(bed.directory, 'none'));
    mkdirSync(join(bed.directory, 'ext'));
    write('ext/extension.toml', 'api = "0.12"\n[extension]\nid = "test/e"\nversion = "1"\n');
    mkdirSync(join(bed.directory, 'odd'));
    write('odd/buildpack.toml', 'api = "0.12"\n[buildpack]\nid = "test/e"\nversion = "../1"\n');
    const rows: readonly (readonly [locator: string, code: string, message: RegExp])[] = [
      ['./nowhere', 'FILE_NOT_FOUND', /there is no buildpack at .*nowhere/],
      ['nowhere.tgz', 'FILE_NOT_FOUND', /there is no buildpack at .*nowhere\.tgz/],
      ['none', 'FILE_NOT_FOUND', /none has no buildpack\.toml/],
      ['ext', 'FILE_NOT_FOUND', /ext has no buildpack\.toml/],
      ['odd', 'FILE_INVALID', /buildpack\.toml of .*odd has no id and version that can name a directory/],
      ['cut.tgz', 'ARCHIVE_INVALID', /cut\.tgz is damaged or cut off/],
      ['text.tgz', 'ARCHIVE_INVALID', /text\.tgz/],
      ['empty.tgz', 'FILE_INVALID', /empty\.tgz holds no buildpack/],
      ['out.tgz', 'ARCHIVE_UNSAFE', /entry "\.\.\/out"/],
      ['link.tgz', 'FILE_INVALID', /link\.tgz holds no buildpack/],
      [`oci:x-layout@sha256:${'0'.repeat(64)}`, 'IMAGE_NOT_FOUND', /buildpackage oci:/],
      ['oci:nowhere', 'IMAGE_NOT_FOUND', /buildpackage oci:/],
      [`${files.url}/x.tgz`, 'DOWNLOAD_FAILED', /does not exist/],
      ['urn:cnb:registry:acme/x@1.0.0', 'NOT_SUPPORTED', /acme\/x@1\.0\.0 is not looked up/],
      ['UPPER case', 'REFERENCE_INVALID', /UPPER case/],
      ['', 'ARGUMENT_INVALID', /"" names no buildpack/],
    ];
    for (const [text, code, message] of rows) {
      const error = await rejectionOf(bed.choose({ group: [text] }));
      assert.deepEqual(
        [error.code, message.test(error.message)],
        [code, true],
        `${text}: ${error.code} ${error.message}`,
      );
    }
    assert.equal(existsSync(join(bed.directory, 'out')), false);
  });

  it('takes extensions in the place of the order’s, as one group of optional ones', async (t) => {
    const bed = moduleBed(t, { base: [A] });
    for (const id of ['e', 'f']) {
      mkdirSync(join(bed.directory, id));
      writeFileSync(
        join(bed.directory, id, 'extension.toml'),
        `api = "0.12"\n[extension]\nid = "test/${id}"\nversion = "1"\n`,
      );
    }
    await bed.pack('f', 'oci:f-layout', { kind: 'extension' });
    const chosen = await bed.choose({ extensions: ['e', 'oci:f-layout'] });
    assert.deepEqual(chosen.extensions, [
      [
        { kind: 'extension', id: 'test/e', version: '1', optional: true },
        { kind: 'extension', id: 'test/f', version: '1', optional: true },
      ],
    ]);
    assert.equal(shown(chosen), 'test/a@1.0.0');
    assert.match(
      (await rejectionOf(bed.choose({ group: ['oci:f-layout'] }))).message,
      /f-layout is a package of an extension, not of a buildpack/,
    );
    assert.equal((await rejectionOf(bed.choose({ extensions: ['from=builder'] }))).code, 'ARGUMENT_INVALID');
  });

  it('follows no link of a package out of its root', async (t) => {
    const bed = moduleBed(t, {});
    const outside = join(bed.directory, 'outside');
    writeBuildpacks(outside, [X]);
    const owner = { uid: 0, gid: 0 };
    const directories = ['/cnb', '/cnb/buildpacks', '/cnb/buildpacks/test_x'];
    const entries: readonly LayerEntry[] = [
      ...directories.map((path) => ({ kind: 'directory', path, mode: 0o755, ...owner }) as const),
      {
        kind: 'symlink',
        path: '/cnb/buildpacks/test_x/1.0.0',
        target: `${outside}/test_x/1.0.0`,
        mode: 0o777,
        ...owner,
      },
    ];
    const platform = parsePlatform('linux/amd64');
    // The label names the layer, which is made first to know its diffID.
    let labels: Readonly<Record<string, string>> = {};
    for (const name of ['draft', 'evil']) {
      const layout = join(bed.directory, name);
      await using sink = await openLayoutSink(layout, name, bed.ctx);
      sink.tag(undefined, await putBase(sink, platform, bed.ctx, { entries, labels }));
      await sink.commit(bed.ctx);
      const image = await locatorOf(t).find({ kind: 'oci', dir: layout }, 'image', bed.ctx);
      const layerDiffID = image.layers[0]?.diffId ?? '';
      labels = {
        'io.buildpacks.buildpackage.metadata': '{"id":"test/x","version":"1.0.0"}',
        'io.buildpacks.buildpack.layers': JSON.stringify({ 'test/x': { '1.0.0': { layerDiffID } } }),
      };
    }
    const error = await rejectionOf(bed.choose({ group: ['oci:evil'] }));
    assert.equal(error.code, 'IMAGE_INVALID');
    assert.match(error.message, /its labels name test\/x@1\.0\.0, and it has no buildpack\.toml there/);
  });

  it('warns of a buildpack for another stack than the builder’s', async (t) => {
    const stacked = (id: string, toml: string) => ({ ...X, id, toml });
    const bed = moduleBed(t, {
      stack: 'acme.stack',
      given: [
        stacked('test/own', '[[stacks]]\nid = "acme.stack"\n'),
        stacked('test/any', '[[stacks]]\nid = "*"\n'),
        stacked('test/other', '[[stacks]]\nid = "other.stack"\n'),
        stacked('test/target', '[[stacks]]\nid = "other.stack"\n[[targets]]\nos = "linux"\n'),
      ],
    });
    await bed.choose({ group: ['test/own', 'test/any', 'test/other', 'test/target'].map((id) => bed.at(id)) });
    const warnings = bed.ctx.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    assert.deepEqual(warnings, [
      'buildpack test/other@1.0.0 is for the stack other.stack, and the builder test/builder is of the stack acme.stack',
    ]);
  });
});

/** The only group. */
function shown({ order }: ChosenModules): string {
  assert.equal(order.length, 1);
  return (order[0] ?? []).map(moduleName).join(' ');
}
