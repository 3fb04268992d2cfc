import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import { putBase } from '../support/base-images.ts';
import { AMD64, ARM64, lifecycleBed, type LifecycleBed } from '../support/lifecycle-bed.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** A buildpack of API 0.7 that only an older lifecycle's words describe. */
const OLD: SampleBuildpack = {
  id: 'test/old',
  api: '0.7',
  build: [
    `cat >"$1/launch.toml" <<'T'`,
    '[[processes]]\ntype = "web"\ncommand = "echo hi"\n[[bom]]\nname = "dep"\nT',
    `printf '[[bom]]\\nname = "tool"\\n' >"$1/build.toml"`,
    `env | grep '^CNB_' | sort`,
  ].join('\n'),
};
const TOOLS = ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml', '-launcher', './launcher'];

async function newBed(t: TestContext, buildpack: SampleBuildpack = OLD): Promise<LifecycleBed> {
  const bed = await lifecycleBed(t, { buildpacks: [buildpack] });
  for (const name of ['base/run:v1', 'mirror/run:v1', 'other/run:v1'])
    await bed.put(name, (sink) => putBase(sink, AMD64, bed.ctx));
  const [image, mirror] = ['base', 'mirror'].map((repository) => `${bed.registry}/${repository}/run:v1`);
  bed.write('stack.toml', `[run-image]\nimage = "${String(image)}"\nmirrors = ["${String(mirror)}"]\n`);
  return bed;
}

/** The creator at a Platform API; exit 0, its output. */
async function create(bed: LifecycleBed, api: string, args: readonly string[]): Promise<string> {
  const result = await bed.run('creator', [...TOOLS, ...args, `${bed.registry}/app`], { CNB_PLATFORM_API: api });
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result.stdout;
}

async function appOf(bed: LifecycleBed): Promise<Image> {
  const layout = `${bed.directory}/registry`;
  const location = parseLocation(`oci:${layout}:app:latest`);
  return selectImage(openLayout(layout), location, bed.ctx, { role: 'image', hostArchitecture: 'amd64' });
}

function label(image: Image, name: string): unknown {
  return JSON.parse(image.config.labels[name] ?? 'null');
}

describe('the programs at older Platform APIs', () => {
  it('0.7: stack.toml names the run image, and the bill of materials is in label and report (E-26, E-27, E-37, E-41, A-15)', async (t) => {
    const bed = await newBed(t);
    await create(bed, '0.7', ['-stack', 'stack.toml']);
    const image = await appOf(bed);
    const lifecycle = label(image, 'io.buildpacks.lifecycle.metadata');
    assert.ok(typeof lifecycle === 'object' && lifecycle !== null && 'stack' in lifecycle && 'runImage' in lifecycle);
    const [run, mirror] = [`${bed.registry}/base/run:v1`, `${bed.registry}/mirror/run:v1`];
    assert.deepEqual(lifecycle.stack, { runImage: { image: run, mirrors: [mirror] } });
    assert.ok(typeof lifecycle.runImage === 'object' && lifecycle.runImage !== null);
    assert.deepEqual(Object.keys(lifecycle.runImage), ['topLayer', 'reference']);
    const build = label(image, 'io.buildpacks.build.metadata');
    assert.ok(typeof build === 'object' && build !== null && 'bom' in build && 'processes' in build);
    const buildpack = { id: 'test/old', version: '1.0.0' };
    assert.deepEqual(build.bom, [{ name: 'dep', metadata: null, buildpack }]);
    assert.deepEqual(build.processes, [
      { type: 'web', command: 'echo hi', args: [], direct: false, buildpackID: 'test/old' },
    ]);
    assert.match(
      bed.text('layers/report.toml'),
      /^\[build\]\n\n {2}\[\[build\.bom\]\]\n {4}name = "tool"\n {4}\[build\.bom\.buildpack\]\n {6}id = "test\/old"\n {6}version = "1\.0\.0"\n\n\[image\]\n/,
    );
    assert.match(bed.text('layers/config/metadata.toml'), /^\[\[bom\]\]\n {2}name = "dep"\n/);
    assert.equal(image.config.labels['io.buildpacks.exec-env'], undefined);
    assert.ok(image.config.history.every((entry) => entry.createdBy === undefined));
  });

  it('below 0.12 a run image that stack.toml has not is recorded as it was used, with a warning (GAP-35)', async (t) => {
    const bed = await newBed(t);
    const other = `${bed.registry}/other/run:v1`;
    const output = await create(bed, '0.11', ['-stack', 'stack.toml', '-run-image', other]);
    assert.match(output, /Warning: Run image \S+\/other\/run:v1 is not in stack\.toml; it is recorded without mirrors/);
    const lifecycle = label(await appOf(bed), 'io.buildpacks.lifecycle.metadata');
    assert.ok(typeof lifecycle === 'object' && lifecycle !== null && 'stack' in lifecycle);
    assert.deepEqual(lifecycle.stack, { runImage: { image: other } });
  });

  it('without stack.toml and run image it is exit 3, with the words of the API (A-15)', async (t) => {
    const bed = await newBed(t);
    for (const [api, text] of [
      ['0.11', 'missing run image metadata (-run-image)'],
      ['0.12', '-run-image is required when there is no run metadata available'],
    ] as const) {
      const result = await bed.run('creator', [...TOOLS, '-stack', 'none.toml', `${bed.registry}/app`], {
        CNB_PLATFORM_API: api,
        CNB_RUN_PATH: 'none.toml',
      });
      assert.equal(result.code, 3);
      assert.ok(result.stdout.includes(`ERROR: failed to resolve inputs: ${text}`), result.stdout);
    }
  });

  it('-skip-restore leaves the restore out below 0.10', async (t) => {
    const bed = await newBed(t);
    const args = ['-stack', 'stack.toml', '-skip-restore'];
    assert.equal((await create(bed, '0.9', args)).includes('===> RESTORING'), false);
    assert.match(await create(bed, '0.10', args), /===> RESTORING\n(?:.*\n)*?Skipping buildpack layer analysis\n/);
  });

  it('below 0.12 buildpacks are told the platform of the run image, not this machine’s (GAP-10)', async (t) => {
    const bed = await newBed(t, { ...OLD, api: '0.10', build: `env | grep '^CNB_TARGET_[OA]'` });
    await bed.put('base/run:v1', (sink) => putBase(sink, ARM64, bed.ctx));
    const output = await create(bed, '0.11', ['-stack', 'stack.toml', '-target', 'linux/arm64']);
    assert.match(output, /^CNB_TARGET_ARCH=arm64$/m);
    assert.equal(bed.text('layers/analyzed.toml').includes('target'), false);
  });

  it('image extensions are not looked at below 0.10 and an experiment below 0.13 (C-26)', async (t) => {
    const bed = await newBed(t);
    bed.write(
      'order.toml',
      `${bed.text('order.toml')}\n[[order-extensions]]\n[[order-extensions.group]]\nid = "x"\nversion = "1"\n`,
    );
    bed.write('exts/x/1/extension.toml', 'api = "0.10"\n[extension]\nid = "x"\nversion = "1"\n');
    const tools = ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml'];
    const detect = (api: string, mode = ''): ReturnType<LifecycleBed['run']> =>
      bed.run('detector', tools, { CNB_PLATFORM_API: api, CNB_EXPERIMENTAL_MODE: mode, CNB_EXTENSIONS_DIR: 'exts' });
    assert.equal((await detect('0.9')).code, 0);
    const refused = await detect('0.12');
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /ERROR: Platform requested experimental feature 'Dockerfiles'\n/);
    const warned = await detect('0.10', 'warn');
    assert.equal(warned.code, 0);
    assert.match(warned.stdout, /Warning: Platform requested experimental feature 'Dockerfiles'\n/);
    const stable = await detect('0.13');
    assert.equal(stable.code, 0);
    assert.equal(stable.stdout.includes('experimental'), false);
    assert.match(bed.text('layers/group.toml'), /\[\[group-extensions\]\]\n {2}id = "x"/);
  });

  it('flags are those of the API: -stack and -run, -launch-cache of the analyzer, -launcher-sbom (C-14)', async (t) => {
    const bed = await newBed(t);
    const code = async (api: string, program: string, flag: string): Promise<number | null> =>
      (await bed.run(program, [flag, 'x'], { CNB_PLATFORM_API: api })).code;
    for (const [program, flag, without, having] of [
      ['analyzer', '-stack', '0.12', '0.11'],
      ['analyzer', '-run', '0.11', '0.12'],
      ['analyzer', '-layout', '0.11', '0.12'],
      ['analyzer', '-launch-cache', '0.8', '0.9'],
      ['exporter', '-launcher-sbom', '0.10', '0.11'],
      ['exporter', '-stack', '0.12', '0.7'],
      ['detector', '-build-config', '0.10', '0.11'],
    ] as const) {
      assert.equal(await code(without, program, flag), 2, `${program} ${flag} ${without}`);
      assert.notEqual(await code(having, program, flag), 2, `${program} ${flag} ${having}`);
    }
  });
});
