import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseLocation } from '../../src/oci/location.ts';
import { homeOf } from '../../src/platform/privileges.ts';
import type { Image } from '../../src/ports/image.ts';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';
import { listing } from '../support/layer-tree.ts';
import { locatorOf } from '../support/locator.ts';
import { lifecycle, type ProgramResult } from '../support/program.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';
import { servedImage } from '../support/whole-builds.ts';

/** A launch layer with an SBOM file that is made once and kept from then on, and a store. */
const KEEPING: SampleBuildpack = {
  id: 'test/keeping',
  toml: 'sbom-formats = ["application/vnd.cyclonedx+json"]\n',
  build: `if [ -f "$1/lib.toml" ]; then echo "lib is kept"; else mkdir "$1/lib"; echo lib >"$1/lib/file"; fi
[ -f "$1/store.toml" ] && echo "store is kept"
printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/lib.toml"
[ -d "$1/lib" ] && printf '{"bomFormat":"CycloneDX"}' >"$1/lib.sbom.cdx.json"
printf '[metadata]\\nn = 1\\n' >"$1/store.toml"
echo "home: $HOME user: \${USER:-}"
printf '[[processes]]\\ntype = "web"\\ncommand = ["x"]\\ndefault = true\\n' >"$1/launch.toml"`,
};

interface Scene {
  readonly bed: LifecycleBed;
  /** The run image's name. */
  readonly run: string;
  /** What the creator always gets. */
  readonly tools: readonly string[];
  readonly create: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<ProgramResult>;
}

async function scene(t: TestContext): Promise<Scene> {
  const bed = await lifecycleBed(t, { buildpacks: [KEEPING] });
  await putRunImage(bed);
  const tools = ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml', '-launcher', './launcher'];
  return {
    bed,
    run: `${bed.registry}/base/run:1`,
    tools,
    create: (args, env) => bed.run('creator', [...tools, ...args], env),
  };
}

function succeeded(result: ProgramResult): string {
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result.stdout;
}

describe('the creator: inputs', () => {
  it('-run names the file that says which run image there is (K-01)', async (t) => {
    const { bed, run, create } = await scene(t);
    bed.write('my-run.toml', `[[images]]\nimage = "${run}"\nmirrors = ["mirror.example/run:1"]\n`);
    succeeded(await create(['-run', 'my-run.toml', `${bed.registry}/shop`]));
    const label = (await servedImage(bed)).config.labels['io.buildpacks.lifecycle.metadata'] ?? '';
    assert.ok(label.includes(`"image":"${run}","mirrors":["mirror.example/run:1"]`), label);
  });

  it('has no flag -image: exit 2 (K-08)', async (t) => {
    const { bed, create } = await scene(t);
    const result = await create(['-image', 'x', `${bed.registry}/shop`]);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /^flag provided but not defined: -image\n/);
  });

  it('-layout with experimental features off: exit 1 (K-11)', async (t) => {
    const { bed, run, create } = await scene(t);
    const result = await create(['-layout', '-layout-dir', 'out', '-run-image', run, `${bed.registry}/shop`]);
    assert.equal(result.code, 1);
    assert.match(result.stdout, /^ERROR: Platform requested experimental feature 'export to OCI layout format'$/m);
    assert.ok(!result.stdout.includes('===>'));
  });

  it(
    'a user’s home and name are those of its passwd entry (K-10)',
    { skip: process.getuid?.() !== 0 && 'not root' },
    async (t) => {
      const { bed, run, tools } = await scene(t);
      const entry = readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .map((line) => line.split(':'))
        .find(([, , uid]) => uid === '2');
      assert.ok(entry?.[5] !== undefined);
      assert.deepEqual(await homeOf(2), { home: entry[5], user: entry[0] });
      const owner = ['-layers', 'layers', '-uid', '2', '-gid', '2'];
      const result = await lifecycle('creator', [...owner, ...tools, '-run-image', run, `${bed.registry}/shop`], {
        cwd: bed.directory,
        env: { CNB_NO_COLOR: 'true', HOME: bed.directory },
      });
      // Buildpacks are told HOME and not USER (contract §7.4).
      assert.ok(succeeded(result).includes(`home: ${entry[5]} user: \n`), result.stdout);
    },
  );
});

describe('the creator: what it makes', () => {
  it('an image in a registry and under every tag; the phases are told in order (K-03, K-07, K-09)', async (t) => {
    const { bed, run, create } = await scene(t);
    const tags = [`${bed.registry}/shop:two`, `${bed.registry}/other/shop`];
    const flags = tags.flatMap((tag) => ['-tag', tag]);
    const said = succeeded(await create(['-run-image', run, ...flags, `${bed.registry}/shop:one`]));
    const headers = said.split('\n').filter((line) => line.startsWith('===> '));
    assert.deepEqual(
      headers,
      ['ANALYZING', 'DETECTING', 'RESTORING', 'BUILDING', 'EXPORTING'].map((phase) => `===> ${phase}`),
    );
    const { manifestDigest, config } = await servedImage(bed, 'shop:one');
    assert.deepEqual(config.entrypoint, ['/cnb/process/web']);
    for (const name of ['shop:two', 'other/shop:latest'])
      assert.equal((await servedImage(bed, name)).manifestDigest, manifestDigest);
    assert.match(
      bed.text('layers/report.toml'),
      new RegExp(`tags = \\["${bed.registry}/shop:one", "${tags.join('", "')}"\\]`),
    );
  });

  it('a layout and a docker archive, with a cache directory that is made (K-03, K-12)', async (t) => {
    const { bed, run, create } = await scene(t);
    succeeded(
      await create([
        '-run-image',
        run,
        '-cache-dir',
        'not/there',
        '-tag',
        'docker-archive:shop.tar:shop:1',
        'oci:out:shop',
      ]),
    );
    assert.ok(existsSync(join(bed.directory, 'not/there/blobs')));
    const locator = locatorOf(t);
    const digests: string[] = [];
    for (const location of [`oci:${bed.directory}/out:shop`, `docker-archive:${bed.directory}/shop.tar`])
      digests.push((await locator.find(parseLocation(location), 'app image', bed.ctx)).manifestDigest);
    assert.equal(digests[0], digests[1]);
  });
});

describe('the creator: rebuilds', () => {
  for (const [what, clears] of [
    ['with its cache (K-04)', false],
    ['with a cache that was cleared (K-05)', true],
  ] as const) {
    it(`${what}: the second image has the SBOM of the layer too`, async (t) => {
      const { bed, run, create } = await scene(t);
      const build = async (): Promise<string> =>
        succeeded(await create(['-run-image', run, '-cache-dir', 'cache', `${bed.registry}/shop`]));
      await build();
      const first = await sbomFiles(await servedImage(bed));
      assert.ok(first.includes('/sbom/launch/test_keeping/lib/sbom.cdx.json'), first.join('\n'));
      bed.write('app/index.html', 'changed');
      rmSync(join(bed.directory, 'layers'), { recursive: true });
      emptyLayers(bed);
      if (clears) rmSync(join(bed.directory, 'cache'), { recursive: true });
      const said = await build();
      assert.equal(said.includes('lib is kept'), !clears);
      assert.deepEqual(await sbomFiles(await servedImage(bed)), first);
    });
  }

  it('-skip-restore keeps store.toml from Platform API 0.10, and leaves the restore out below (K-06)', async (t) => {
    for (const [api, isKept] of [
      ['0.10', true],
      ['0.9', false],
    ] as const) {
      const { bed, run, create } = await scene(t);
      bed.write('stack.toml', `[run-image]\nimage = "${run}"\n`);
      const args = ['-stack', 'stack.toml', '-skip-restore', `${bed.registry}/shop`];
      succeeded(await create(args, { CNB_PLATFORM_API: api }));
      rmSync(join(bed.directory, 'layers'), { recursive: true });
      emptyLayers(bed);
      const said = succeeded(await create(args, { CNB_PLATFORM_API: api }));
      assert.equal(said.includes('store is kept'), isKept, said);
      assert.equal(said.includes('lib is kept'), false, said);
      assert.equal(said.includes('===> RESTORING'), isKept, said);
    }
  });
});

/** A new container's layers directory. */
function emptyLayers(bed: LifecycleBed): void {
  mkdirSync(join(bed.directory, 'layers'));
  chmodSync(join(bed.directory, 'layers'), 0o777);
}

/** Files of the SBOM layer, below the layers directory. */
async function sbomFiles(image: Image): Promise<readonly string[]> {
  const index = image.config.history.findIndex(({ createdBy }) => createdBy === 'Software Bill-of-Materials');
  const layer = image.layers[index];
  if (layer === undefined) return [];
  const names = (await listing(layer))
    .filter((line) => line.startsWith('file '))
    .map((line) => line.split(' ')[3] ?? '');
  return names.map((name) => name.replace(/^.*\/layers\//, '/'));
}
