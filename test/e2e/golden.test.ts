import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, it, type TestContext } from 'node:test';
import { AllowedDifferences } from '../support/differences.ts';
import { appImage, GOLDEN, GoldenComparison } from '../support/golden-compare.ts';
import { layoutImage, layoutRunImage } from '../support/golden-layout.ts';
import { beginRecorded, fivePhases, RUN_IMAGE, skipRecorded, type Phases } from '../support/golden-runs.ts';
import type { RecordedRoot } from '../support/recorded-root.ts';

const skip = skipRecorded();
const differences = new AllowedDifferences();
const compare = new GoldenComparison(differences);
const runs = { planned: 0, passed: 0 };

function golden(name: string, task: (t: TestContext) => Promise<void>): void {
  runs.planned += 1;
  it(name, async (t) => {
    await task(t);
    runs.passed += 1;
  });
}

describe('golden', { skip }, () => {
  after(() => {
    // A run of some of the tests proves nothing about the rows that the others use.
    if (runs.passed === runs.planned) assert.deepEqual(differences.unused(), [], 'differences that nothing needs');
  });

  golden('registry-5phase: diffIDs and config bytes are equal, files equal as data', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    root.app('app-v1.tar');
    fivePhases(root, { image: '127.0.0.1:5910/app/five', order: 'order.toml', projectMetadata: true });
    compare.exits('registry-5phase', await root.finish());
    await compare.image(root, { name: 'registry-5phase', repository: 'app/five' }, ctx);
    compare.files(root, 'registry-5phase', { ignorePrevious: true });
    compare.cache(root, 'registry-5phase');
  });

  golden('creator: one process gives the same image (K-03)', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    root.app('app-v1.tar');
    root.run({
      program: 'creator',
      user: 'root',
      args: [
        ...[
          '-log-level',
          'debug',
          '-uid',
          '1000',
          '-gid',
          '1000',
          '-order',
          '/io/order.toml',
          '-launcher',
          '/io/launcher-stub',
        ],
        ...[
          '-project-metadata',
          '/io/project-metadata.toml',
          '-run-image',
          RUN_IMAGE,
          '-cache-dir',
          '/cache',
          '127.0.0.1:5910/app/creator',
        ],
      ],
    });
    compare.exits('creator', await root.finish());
    await compare.image(root, { name: 'creator', repository: 'app/creator' }, ctx);
    compare.files(root, 'creator');
    assert.equal(
      readFileSync(`${GOLDEN}/creator/image/config.json`, 'utf8'),
      readFileSync(`${GOLDEN}/registry-5phase/image/config.json`, 'utf8'),
    );
  });

  golden('minimal: one-file app, nothing but the app layer is the buildpacks’', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    root.app();
    root.shell(
      `printf hi >"$ROOT/workspace/hi.txt"; chmod 644 "$ROOT/workspace/hi.txt"; chown 1000:1000 "$ROOT/workspace/hi.txt"`,
    );
    fivePhases(root, { image: '127.0.0.1:5910/app/minimal', order: 'order-min.toml' });
    compare.exits('minimal', await root.finish());
    await compare.image(root, { name: 'minimal', repository: 'app/minimal' }, ctx);
    compare.files(root, 'minimal', { ignorePrevious: true });
  });

  golden('empty-workspace: an app without files is a layer with its directory', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    root.app();
    fivePhases(root, { image: '127.0.0.1:5910/app/empty', order: 'order-min.toml' });
    compare.exits('empty-workspace', await root.finish());
    await compare.image(root, { name: 'empty-workspace', repository: 'app/empty' }, ctx);
    compare.files(root, 'empty-workspace', { ignorePrevious: true });
  });

  for (const [name, app] of [
    ['rebuild-same', 'app-v1.tar'],
    ['rebuild-changed', 'app-v2.tar'],
  ] as const) {
    golden(`${name}: a second build over image and cache`, async (t) => {
      const { root, ctx } = await beginRecorded(t);
      const phases: Phases = { image: `127.0.0.1:5910/app/${name}`, order: 'order.toml', projectMetadata: true };
      root.app('app-v1.tar');
      fivePhases(root, phases);
      root.clearLayers();
      root.app(app);
      fivePhases(root, phases);
      compare.exits(name, await root.finish());
      await compare.image(root, { name, repository: `app/${name}` }, ctx);
      compare.files(root, name, { ignorePrevious: true });
      compare.cache(root, name);
    });
  }

  golden('layout: the same through -layout, with the true digest of the run image (E-03, E-54, GAP-5)', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    root.app('app-v1.tar');
    layoutRunImage(root, 'run-single');
    fivePhases(root, {
      image: 'registry.example/app/layout',
      order: 'order.toml',
      projectMetadata: true,
      layout: true,
    });
    compare.exits('layout', await root.finish());
    compare.layoutImage('layout', await layoutImage(root, 'registry.example/app/layout/latest', ctx));
    compare.files(root, 'layout');
  });

  golden('seed-894: the three layers of the report that need nothing foreign', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    seedTree(root);
    const common = ['-layers=./layers'];
    const cwd = '/tmp/tutorial';
    const user = '501:20';
    root.run({
      program: 'analyzer',
      user,
      cwd,
      api: '0.14',
      args: [...common, '-uid', '501', '-gid', '20', '-run-image', RUN_IMAGE, '127.0.0.1:5910/apps/bash-script'],
    });
    root.run({
      program: 'detector',
      user,
      cwd,
      api: '0.14',
      args: [...common, '-order=./order.toml', '-buildpacks=./buildpacks', '-app', 'workspace'],
    });
    root.run({
      program: 'restorer',
      user,
      cwd,
      api: '0.14',
      args: [...common, '-cache-dir=./cache', '-uid', '501', '-gid', '20'],
    });
    root.run({
      program: 'builder',
      user,
      cwd,
      api: '0.14',
      args: [...common, '-buildpacks=./buildpacks', '-app', 'workspace'],
    });
    // New files took their parent's group on the reporter's machine: the SBOM directory was 501:0.
    root.shell('chown 501:0 "$ROOT/tmp/tutorial/layers/sbom"');
    root.run({
      program: 'exporter',
      user,
      cwd,
      api: '0.14',
      args: [
        ...common,
        '-app',
        'workspace',
        '-cache-dir=./cache',
        '-launch-cache=./cache',
        '-launcher',
        '/io/launcher-stub',
        '-uid',
        '501',
        '-gid',
        '20',
        '127.0.0.1:5910/apps/bash-script',
      ],
    });
    compare.exits('seed-894', await root.finish());
    const image = await appImage(root, 'apps/bash-script:latest', ctx);
    compare.check('seed-894', 'diffIDs', () => {
      const diffIds = image.config.diffIds.map((diffId) => diffId.slice('sha256:'.length));
      assert.ok(diffIds.includes('76d9fd4935578553e1d1c0d1b08c2229850891f54b384b32d16090d0cb5f15f3'), 'launch.sbom');
      assert.ok(diffIds.includes('6b9ee88e7f2acdb40092aceaa8b3ff47774e6330e71fb512156228957f2626cc'), 'config');
      assert.ok(diffIds.includes('e598f2ee7e8b980b4a96ba60481a083f241c970d4c6960ce0f4a200e985f996f'), 'process-types');
    });
  });
});

/** The reporter's paths and owners; two buildpacks of ours stand where the report's were, with the names that its labels hold. */
function seedTree(root: RecordedRoot): void {
  const homepage = (name: string): string => `https://github.com/buildpacks/samples/tree/main/buildpacks/${name}`;
  const script = [
    'T="$ROOT/tmp/tutorial"',
    'mkdir -p "$T/layers" "$T/workspace" "$T/cache"',
    'printf "#!/bin/sh\\necho ok\\n" >"$T/workspace/app.sh"; chmod 755 "$T/workspace/app.sh"',
  ];
  for (const name of ['hello-world', 'hello-moon']) {
    script.push(
      `B="$T/buildpacks/samples_${name}/0.0.2"; mkdir -p "$B/bin"`,
      `printf 'api = "0.11"\\n[buildpack]\\nid = "samples/${name}"\\nversion = "0.0.2"\\nhomepage = "${homepage(name)}"\\n' >"$B/buildpack.toml"`,
      'printf "#!/bin/sh\\nexit 0\\n" >"$B/bin/detect"; cp "$B/bin/detect" "$B/bin/build"; chmod 755 "$B/bin/detect" "$B/bin/build"',
    );
  }
  script.push(
    'printf \'[[order]]\\n[[order.group]]\\nid = "samples/hello-world"\\nversion = "0.0.2"\\n[[order.group]]\\nid = "samples/hello-moon"\\nversion = "0.0.2"\\n\' >"$T/order.toml"',
    'mkdir -p "$T/layers/samples_hello-moon"; printf \'[[processes]]\\ntype = "shell"\\ncommand = ["./app.sh"]\\n\' >"$T/layers/samples_hello-moon/launch.toml"',
    'chown -R 501:0 "$T"; chown -R 501:20 "$T/workspace"; find "$T" -type d -exec chmod 755 {} +; chmod 755 "$T"',
  );
  root.shell(script.join('\n'));
}
