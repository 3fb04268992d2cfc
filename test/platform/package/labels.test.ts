import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { BUILDPACK_APIS, PLATFORM_APIS } from '../../../src/cnb/features.ts';
import { configOf } from '../../../src/platform/config/config.ts';
import { builderReport, packageReport } from '../../../src/platform/package/builder-report.ts';
import { inspectBuilder } from '../../../src/platform/package/inspect-builder.ts';
import { inspectPackage } from '../../../src/platform/package/inspect-package.ts';
import type { PackagePorts } from '../../../src/platform/package/package-ports.ts';
import type { Image } from '../../../src/ports/image.ts';
import { createdBuilderBed, type CreatedBuilderBed } from '../../support/created-builder.ts';
import { locatorOf } from '../../support/locator.ts';
import { archive, entry } from '../../support/tar.ts';

const TABLES = `
[[run.images]]
image = "registry.example/other:1"
[stack]
id = "acme.stack"
[[buildpacks]]
uri = "meta.cnb"
[[extensions]]
uri = "curl"
[[order]]
[[order.group]]
id = "acme/meta"
[[order.group]]
id = "acme/tool"
version = "2.1.0"
optional = true
[[order-extensions]]
group = [{id = "acme/curl"}]
[system.post]
buildpacks = [{id = "acme/tool", version = "2.1.0", optional = true}]
`;

describe('the labels of builders and packages', () => {
  it('are the data that pack’s readers expect (interfaces 5.5)', async (t) => {
    const bed = await richBuilder(t);
    const image = await bed.find('oci:out:b');
    const diffId = (index: number): string | undefined => image.layers[index]?.diffId;
    assert.deepEqual(labelsOf(image), {
      'io.buildpacks.builder.metadata': {
        description: 'ours',
        buildpacks: [
          { id: 'acme/meta', version: '1.0.0' },
          { id: 'acme/node', version: '1.0.0', name: 'Node', homepage: 'https://acme.example' },
          { id: 'acme/tool', version: '2.1.0' },
        ],
        extensions: [{ id: 'acme/curl', version: '0.0.1', name: 'Curl' }],
        stack: { runImage: { image: 'registry.example/run:1', mirrors: [] } },
        lifecycle: {
          version: '0.1.0',
          api: { buildpack: BUILDPACK_APIS[0], platform: PLATFORM_APIS[0] },
          apis: {
            buildpack: { deprecated: null, supported: BUILDPACK_APIS },
            platform: { deprecated: null, supported: PLATFORM_APIS },
          },
        },
        createdBy: { name: 'Slipway', version: '0.1.0' },
        images: [
          { image: 'registry.example/run:1', mirrors: [] },
          { image: 'registry.example/other:1', mirrors: [] },
        ],
      },
      'io.buildpacks.buildpack.order': [
        {
          group: [
            { id: 'acme/meta', version: '1.0.0' },
            { id: 'acme/tool', version: '2.1.0', optional: true },
          ],
        },
      ],
      'io.buildpacks.buildpack.order-extensions': [{ group: [{ id: 'acme/curl', version: '0.0.1' }] }],
      'io.buildpacks.buildpack.system': {
        pre: { buildpacks: [] },
        post: { buildpacks: [{ id: 'acme/tool', version: '2.1.0', optional: true }] },
      },
      'io.buildpacks.buildpack.layers': {
        'acme/meta': {
          '1.0.0': {
            api: '0.12',
            order: [
              {
                group: [
                  { id: 'acme/node', version: '1.0.0' },
                  { id: 'acme/tool', version: '2.1.0' },
                ],
              },
            ],
            layerDiffID: diffId(2),
          },
        },
        'acme/node': {
          '1.0.0': {
            api: '0.12',
            stacks: [{ id: '*' }],
            homepage: 'https://acme.example',
            name: 'Node',
            layerDiffID: diffId(3),
          },
        },
        'acme/tool': { '2.1.0': { api: '0.12', layerDiffID: diffId(4) } },
      },
      'io.buildpacks.extension.layers': {
        'acme/curl': { '0.0.1': { api: '0.10', name: 'Curl', layerDiffID: diffId(5) } },
      },
      'io.buildpacks.stack.id': 'acme.stack',
    });
  });

  it('are shown in the shape of pack builder inspect --output json, with the settings of this machine', async (t) => {
    const bed = await richBuilder(t);
    const home = join(bed.directory, 'config.toml');
    const name = `oci:${bed.directory}/out:b`;
    writeFileSync(
      home,
      `default-builder-image = "${name}"\n[[trusted-builders]]\nname = "${name}"\n[[run-images]]\nimage = "registry.example/run:1"\nmirrors = ["mirror.example/run:1"]\n`,
    );
    const config = configOf([{ origin: 'pack', path: home, shown: 'config.toml' }]);
    const found = await inspectBuilder({ builder: 'default', depth: 0 }, { locator: locatorOf(t), config }, bed.ctx);
    const apis = (supported: readonly string[]): object => ({ deprecated: null, supported });
    assert.deepEqual(JSON.parse(JSON.stringify(builderReport(found))), {
      builder_name: name,
      trusted: true,
      default: true,
      remote_info: null,
      local_info: {
        description: 'ours',
        created_by: { name: 'Slipway', version: '0.1.0' },
        stack: { id: 'acme.stack' },
        lifecycle: { version: '0.1.0', buildpack_apis: apis(BUILDPACK_APIS), platform_apis: apis(PLATFORM_APIS) },
        run_images: [
          { name: 'mirror.example/run:1', user_configured: true },
          { name: 'registry.example/run:1' },
          { name: 'registry.example/other:1' },
        ],
        buildpacks: [
          { id: 'acme/meta', version: '1.0.0' },
          { id: 'acme/node', name: 'Node', version: '1.0.0', homepage: 'https://acme.example' },
          { id: 'acme/tool', version: '2.1.0' },
        ],
        detection_order: [
          {
            buildpacks: [
              { id: 'acme/meta', version: '1.0.0' },
              { id: 'acme/tool', version: '2.1.0', optional: true },
            ],
          },
        ],
        extensions: [{ id: 'acme/curl', name: 'Curl', version: '0.0.1' }],
        order_extensions: [{ buildpacks: [{ id: 'acme/curl', version: '0.0.1' }] }],
      },
    });
    const plain = await inspectBuilder({ builder: name }, { locator: locatorOf(t), config: configOf([]) }, bed.ctx);
    assert.deepEqual([plain.isTrusted, plain.isDefault], [false, false]);
    assert.equal(plain.order[0]?.entries[0]?.entries[0]?.entries[1]?.id, 'acme/tool', 'composites are followed');
    await assert.rejects(
      () => inspectBuilder({ builder: 'default' }, { locator: locatorOf(t), config: configOf([]) }, bed.ctx),
      { code: 'ARGUMENT_INVALID' },
    );
    await assert.rejects(
      () => inspectBuilder({ builder: bed.base }, { locator: locatorOf(t), config: configOf([]) }, bed.ctx),
      { code: 'IMAGE_INVALID' },
    );
  });
});

describe('a package read back', () => {
  it('is the same data from a directory’s .cnb, a layout, and a .cnb whose names begin with a slash', async (t) => {
    const bed = await richBuilder(t);
    const file = join(bed.directory, 'meta.cnb');
    writeFileSync(join(bed.directory, 'slashed.cnb'), slashed(readFileSync(file)));
    const ports = portsOf(t, bed);
    const read = async (module: string, builder?: string): Promise<unknown> => {
      const options = { kind: 'buildpack', module, cwd: bed.directory } as const;
      const found = await inspectPackage(builder === undefined ? options : { ...options, builder }, ports, bed.ctx);
      return { ...JSON.parse(JSON.stringify(packageReport(found))), name: '' };
    };
    const expected = {
      name: '',
      id: 'acme/meta',
      version: '1.0.0',
      api: '0.12',
      buildpacks: [
        { id: 'acme/meta', version: '1.0.0' },
        { id: 'acme/node', name: 'Node', version: '1.0.0', homepage: 'https://acme.example' },
        { id: 'acme/tool', version: '2.1.0' },
      ],
      detection_order: [
        {
          buildpacks: [
            { id: 'acme/node', version: '1.0.0' },
            { id: 'acme/tool', version: '2.1.0' },
          ],
        },
      ],
    };
    for (const module of ['meta.cnb', 'slashed.cnb', 'oci-archive:meta.cnb'])
      assert.deepEqual(await read(module), expected, module);
    assert.deepEqual(await read('acme/meta', `oci:${bed.directory}/out:b`), expected);
    await assert.rejects(() => read('acme/none', `oci:${bed.directory}/out:b`), { code: 'BUILDPACK_NOT_FOUND' });
    await assert.rejects(() => read(bed.base), { code: 'IMAGE_INVALID' });
    const [one, two] = [await bed.find('oci-archive:meta.cnb'), await bed.find('oci-archive:slashed.cnb')];
    assert.equal(one.manifestDigest, two.manifestDigest);
  });
});

describe('builder.toml', () => {
  for (const [what, text, problem] of [
    ['a misspelled key of a table', '[[buildpacks]]\nurl = "x"\n', 'buildpacks[0].url: is no key of a builder.toml'],
    ['one of [build]', '[[build.env]]\nnam = "X"\n', 'build.env[0].nam: is no key of a builder.toml'],
    ['a lifecycle twice', '[lifecycle]\nuri = "x"\nversion = "0.20.0"\n', 'lifecycle.version: cannot stand beside uri'],
    ['no version', '[lifecycle]\nversion = "new"\n', 'lifecycle.version: "new" is no version of the lifecycle'],
  ] as const)
    it(`is refused with ${what}, by file and key`, async (t) => {
      const bed = await createdBuilderBed(t);
      await assert.rejects(
        () => bed.create(text),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'FILE_INVALID');
          assert.ok(
            error.message.startsWith(join(bed.directory, 'builder.toml')) && error.message.includes(problem),
            error.message,
          );
          return true;
        },
      );
    });

  it('warns of an empty order and of variables that do nothing', async (t) => {
    const bed = await createdBuilderBed(t);
    await bed.create(
      '[[build.env]]\nname = "A"\nvalue = ""\n[[build.env]]\nname = "B"\nvalue = "b"\nsuffix = "append"\nexec-env = ["test"]\n',
    );
    const file = join(bed.directory, 'builder.toml');
    assert.deepEqual(
      bed.ctx.events.flatMap((event) => (event.type === 'warning' ? [event.message.replace(file, 'F')] : [])),
      [
        'F: order: is empty: no buildpack runs',
        'F: build.env: A has an empty value',
        'F: build.env: B is set in every execution environment: exec-env is not kept',
        'F: build.env: B is appended without a delim',
      ],
    );
  });
});

/** A builder with a composite buildpack's package, an extension and everything else that labels tell of. */
async function richBuilder(t: TestContext): Promise<CreatedBuilderBed> {
  const bed = await createdBuilderBed(t);
  bed.composite(
    ['node/1.0.0', 'tool/2.1.0'].map((name) => `[[dependencies]]\nuri = "../buildpacks/acme_${name}"\n`).join(''),
  );
  await bed.make({ path: join(bed.directory, 'meta'), to: 'oci-archive:meta.cnb' });
  mkdirSync(join(bed.directory, 'curl', 'bin'), { recursive: true });
  writeFileSync(
    join(bed.directory, 'curl', 'extension.toml'),
    'api = "0.10"\n[extension]\nid = "acme/curl"\nversion = "0.0.1"\nname = "Curl"\n',
  );
  writeFileSync(join(bed.directory, 'curl', 'bin', 'generate'), '#!/bin/sh\n', { mode: 0o755 });
  await bed.create(TABLES);
  return bed;
}

function portsOf(t: TestContext, bed: CreatedBuilderBed): PackagePorts {
  const registry = { insecure: [], credentials: { find: () => Promise.resolve({ trace: [] }) }, userAgent: 'test' };
  return { locator: locatorOf(t), downloads: { directory: join(bed.directory, 'downloads'), registry } };
}

function labelsOf(image: Image): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(image.config.labels)
      .filter(([key]) => key.startsWith('io.buildpacks.') && !key.startsWith('io.buildpacks.base.'))
      .map(([key, value]): readonly [string, unknown] => [key, /^[[{]/.test(value) ? JSON.parse(value) : value]),
  );
}

/** The same archive with names as pack writes them: `/blobs/sha256/…`. */
function slashed(tar: Buffer): Buffer {
  const entries: Buffer[] = [];
  for (let at = 0; tar[at] !== 0;) {
    const name = tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    const isDirectory = tar[at + 156] === 0x35;
    if (!isDirectory) entries.push(entry({ name: `/${name}`, body: tar.subarray(at + 512, at + 512 + size) }));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return archive(...entries);
}
