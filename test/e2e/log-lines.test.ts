import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** A launch layer, a cached launch layer and a cached one; another buildpack that is optional and skips. */
const BUILDPACKS: readonly SampleBuildpack[] = [
  {
    id: 'test/one',
    build: `mkdir -p "$1/kept" "$1/both" "$1/tools"
printf kept >"$1/kept/file"; printf both >"$1/both/file"; printf tools >"$1/tools/file"
printf '[types]\\nlaunch = true\\n' >"$1/kept.toml"
printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/both.toml"
printf '[types]\\ncache = true\\n' >"$1/tools.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["serve"]\\ndefault = true\\n' >"$1/launch.toml"
echo "one says something"; echo "and complains" >&2`,
  },
  { id: 'test/other', detect: 'exit 100', build: 'exit 1' },
];
const ORDER = `[[order]]
[[order.group]]
id = "test/one"
version = "1.0.0"

[[order.group]]
id = "test/other"
version = "1.0.0"
optional = true
`;
const RUN_IMAGE_LINES = [
  'Run image info in analyzed metadata is: ',
  '{"Reference":"HOST/base/run@DIGEST","Image":"HOST/base/run:1","Extend":false,"target":{"os":"linux","arch":"amd64","distro":{"name":"test","version":"1"}}}',
];
const NO_RUN_TOML = 'No run metadata found at path "DIR/no-run.toml"';
/** What the directory of the buildpack is said to hold after the build. */
const READING = [
  'Reading buildpack directory: DIR/layers/test_one',
  ...['both', 'both.toml', 'kept', 'kept.toml', 'launch.toml', 'tools', 'tools.toml'].map(
    (item) => `Reading buildpack directory item: ${item}`,
  ),
];
const SBOM_WARNINGS = ['lifecycle', 'launcher'].flatMap((component) =>
  ['cdx', 'spdx', 'syft'].map(
    (format) => `Warning: Did not find SBOM ${component}.sbom.${format}.json in /cnb/lifecycle`,
  ),
);
const LABELS = ['lifecycle.metadata', 'build.metadata', 'project.metadata', 'exec-env'].map(
  (label) => `Adding label 'io.buildpacks.${label}'`,
);
/** Debug lines about the image's settings, after the labels. */
const SETTINGS = [
  'Setting CNB_LAYERS_DIR=DIR/layers',
  'Setting CNB_APP_DIR=DIR/app',
  'Setting CNB_PLATFORM_API=0.15',
  'Setting CNB_DEPRECATION_MODE=quiet',
  'Prepending /cnb/process and /cnb/lifecycle to PATH',
  "Setting WORKDIR: 'DIR/app'",
  "Setting default process type 'web'",
  "Setting ENTRYPOINT: '/cnb/process/web'",
];

async function scene(t: TestContext): Promise<LifecycleBed> {
  const bed = await lifecycleBed(t, { buildpacks: BUILDPACKS });
  bed.write('order.toml', ORDER);
  bed.write('project.toml', '[source]\n  type = "test"\n');
  await putRunImage(bed);
  return bed;
}

/** Runs one program and gives its lines, with names for what differs from run to run; timers are left out unless asked for. */
async function linesOf(bed: LifecycleBed, level: string, program: string, args: readonly string[]): Promise<string[]> {
  const result = await bed.run(program, ['-log-level', level, ...args]);
  assert.deepEqual([result.code, result.stderr], [0, ''], result.stdout);
  return (
    result.stdout
      .replaceAll(bed.directory, 'DIR')
      .replaceAll(bed.registry, 'HOST')
      .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
      .replaceAll(/(Manifest Size: )\d+/g, '$1N')
      .split('\n')
      .slice(0, -1)
      // An ordinary user with another id than the bed's files.
      .filter((line) => !line.startsWith('Running as user '))
      // What the index says is ours.
      .filter((line) => !/^Layer '.*' is (read: |unchanged since )/.test(line))
  );
}

type Lines = Readonly<Record<'analyzer' | 'detector' | 'restorer' | 'builder' | 'exporter', readonly string[]>>;

/** The five programs over a layers directory that is new. */
async function fivePrograms(bed: LifecycleBed, level: string): Promise<Lines> {
  const layers = join(bed.directory, 'layers');
  rmSync(layers, { recursive: true });
  mkdirSync(layers);
  chmodSync(layers, 0o777);
  const run = async (program: string, args: readonly string[]): Promise<string[]> =>
    (await linesOf(bed, level, program, args)).filter((line) => !line.startsWith('Timer: '));
  const image = `${bed.registry}/shop`;
  return {
    analyzer: await run('analyzer', ['-run-image', `${bed.registry}/base/run:1`, image]),
    detector: await run('detector', ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml']),
    restorer: await run('restorer', ['-cache-dir', 'cache', '-run', 'no-run.toml']),
    builder: await run('builder', ['-app', 'app', '-buildpacks', 'bps']),
    exporter: await run('exporter', [...EXPORT_ARGS, image]),
  };
}

const EXPORT_ARGS = [
  ...['-app', 'app', '-cache-dir', 'cache', '-run', 'no-run.toml', '-project-metadata', 'project.toml'],
  ...['-launcher', './launcher'],
];

/** The lines that every program begins with at debug level. */
function began(program: string): readonly string[] {
  return [`Starting ${program}...`, 'Parsing inputs...', 'Ensuring privileges...', 'Executing command...'];
}

const DETECTED = [
  ...began('detector'),
  'No system buildpacks found at path "/cnb/system.toml"',
  'Checking for match against descriptor: {linux   []}',
  'Checking for match against descriptor: {linux   []}',
  '======== Results ========',
  'pass: test/one@1.0.0',
  'skip: test/other@1.0.0',
  'Resolving plan... (try #1)',
  '1 of 2 buildpacks participating',
  'test/one 1.0.0',
];

const BUILT = [
  ...began('builder'),
  'Running build for buildpack test/one@1.0.0',
  ...['Looking up buildpack', 'Finding plan', 'Creating plan directory', 'Preparing paths', 'Running build command'],
  ...['one says something', 'and complains'],
  ...['Processing layers', 'Updating environment', 'Reading output files', 'Updating buildpack processes'],
  'Updating process list',
  'Finished running build for buildpack test/one@1.0.0',
  ...['Copying SBOM files', 'Creating SBOM files for legacy BOM', 'Listing processes'],
];

/** The exporter's lines; the layers are all new, or all as they were. */
function exported(verb: 'Adding' | 'Reusing'): readonly string[] {
  const layer = (id: string): readonly string[] => [
    `Reusing tarball for layer "${id}" with SHA: DIGEST`,
    `${verb} layer '${id}'`,
    `Layer '${id}' SHA: DIGEST`,
  ];
  const cached = (id: string): readonly string[] => [
    ...(verb === 'Reusing' ? [`Reusing cache layer '${id}'`, `Layer '${id}' SHA: DIGEST`] : []),
    `Adding cache layer '${id}'`,
    `Layer '${id}' SHA: DIGEST`,
  ];
  return [
    ...began('exporter'),
    ...(verb === 'Reusing' ? ["Reusing layers from image 'HOST/shop@DIGEST'"] : []),
    NO_RUN_TOML,
    // Ours (docs/reference/differences.md, shell-launcher): the choice is logged.
    'Using launcher: path: ./launcher, as asked',
    ...SBOM_WARNINGS,
    ...READING,
    'Processing buildpack directory: DIR/layers/test_one',
    'Processing launch layer: DIR/layers/test_one/both',
    ...layer('test/one:both'),
    'Processing launch layer: DIR/layers/test_one/kept',
    ...layer('test/one:kept'),
    'Found SBOM of type launch for at DIR/layers/sbom/launch',
    ...layer('buildpacksio/lifecycle:launch.sbom'),
    'Adding app layers',
    "Layer 'slice-1' SHA: DIGEST",
    `${verb === 'Reusing' ? 'Reused' : 'Added'} 1/1 app layer(s)`,
    ...layer('buildpacksio/lifecycle:launcher'),
    ...layer('buildpacksio/lifecycle:config'),
    ...layer('buildpacksio/lifecycle:process-types'),
    ...LABELS,
    ...SETTINGS,
    'Saving HOST/shop...',
    ...['*** Images (DIGEST):', '      HOST/shop', '', '*** Digest: DIGEST', '', '*** Manifest Size: N'],
    ...READING,
    'Reusing tarball for layer "test/one:both" with SHA: DIGEST',
    ...cached('test/one:both'),
    ...cached('test/one:tools'),
  ];
}

describe('the log of the five programs, in order (contract §18.3)', () => {
  it('a first build, then the same again over the image and the cache', async (t) => {
    const bed = await scene(t);
    const first = await fivePrograms(bed, 'debug');
    assert.deepEqual(first.analyzer, [
      ...began('analyzer'),
      'Image with name "HOST/shop" not found',
      'Found image with identifier "HOST/base/run@DIGEST"',
      ...RUN_IMAGE_LINES,
    ]);
    assert.deepEqual(first.detector, DETECTED);
    assert.deepEqual(first.restorer, [
      ...began('restorer'),
      NO_RUN_TOML,
      ...RUN_IMAGE_LINES,
      'Restoring Layer Metadata',
      'Reading buildpack directory: DIR/layers/test_one',
      'Reading Buildpack Layers directory DIR/layers',
      'Reading buildpack directory: DIR/layers/test_one',
    ]);
    assert.deepEqual(sortedSpeech(first.builder), sortedSpeech(BUILT));
    assert.deepEqual(first.exporter, exported('Adding'));

    const second = await fivePrograms(bed, 'debug');
    assert.deepEqual(second.analyzer, [
      ...began('analyzer'),
      'Found image with identifier "HOST/shop@DIGEST"',
      'Restoring data for SBOM from previous image',
      'Retrieving previous image SBOM layer for "DIGEST"',
      'Found image with identifier "HOST/base/run@DIGEST"',
      ...RUN_IMAGE_LINES,
    ]);
    assert.deepEqual(second.detector, DETECTED);
    assert.deepEqual(second.restorer, [
      ...began('restorer'),
      NO_RUN_TOML,
      ...RUN_IMAGE_LINES,
      'Restoring Layer Metadata',
      'Reading buildpack directory: DIR/layers/test_one',
      'Restoring metadata for "test/one:both" from app image',
      'Writing layer metadata for "test/one:both"',
      'Restoring metadata for "test/one:kept" from app image',
      'Writing layer metadata for "test/one:kept"',
      'Not restoring "test/one:both" from cache, marked as launch=true',
      'Restoring metadata for "test/one:tools" from cache',
      'Writing layer metadata for "test/one:tools"',
      'Reading Buildpack Layers directory DIR/layers',
      'Reading buildpack directory: DIR/layers/test_one',
      ...['both.toml', 'kept.toml', 'tools.toml'].map((item) => `Reading buildpack directory item: ${item}`),
      'Restoring data for "test/one:both" from cache',
      'Restoring data for "test/one:tools" from cache',
      'Retrieving data for "DIGEST"',
      'Retrieving data for "DIGEST"',
    ]);
    assert.deepEqual(sortedSpeech(second.builder), sortedSpeech(BUILT));
    assert.deepEqual(second.exporter, exported('Reusing'));
  });

  it('timers by their names, at debug level only (C-24)', async (t) => {
    const bed = await scene(t);
    const lines = await linesOf(bed, 'debug', 'creator', creatorArgs(bed));
    const timers = lines.flatMap((line) => /^Timer: (.*) started at \d{4}-\d\d-\d\dT[\d:]+Z$/.exec(line)?.[1] ?? []);
    assert.deepEqual(timers, [
      ...['Analyzer', 'Detector', 'Restorer', 'Builder'],
      ...['Exporter', 'Saving HOST/shop...', 'Cache'],
    ]);
    const ended = lines.flatMap(
      (line) => /^Timer: (.*) ran for [\d.]+(?:ns|µs|ms|s|m[\d.]+s) and ended at \d{4}-/.exec(line)?.[1] ?? [],
    );
    assert.deepEqual(ended.sort(), timers.sort());
  });
});

const CREATED = [
  '===> ANALYZING',
  'Image with name "HOST/shop" not found',
  '===> DETECTING',
  '1 of 2 buildpacks participating',
  'test/one 1.0.0',
  '===> RESTORING',
  '===> BUILDING',
  ...['one says something', 'and complains'],
  '===> EXPORTING',
  NO_RUN_TOML,
  ...SBOM_WARNINGS,
  "Adding layer 'test/one:both'",
  "Adding layer 'test/one:kept'",
  "Adding layer 'buildpacksio/lifecycle:launch.sbom'",
  'Added 1/1 app layer(s)',
  "Adding layer 'buildpacksio/lifecycle:launcher'",
  "Adding layer 'buildpacksio/lifecycle:config'",
  "Adding layer 'buildpacksio/lifecycle:process-types'",
  ...LABELS,
  "Setting default process type 'web'",
  'Saving HOST/shop...',
  ...['*** Images (DIGEST):', '      HOST/shop'],
  "Adding cache layer 'test/one:both'",
  "Adding cache layer 'test/one:tools'",
];

describe('the creator’s log at info level (contract §18.2)', () => {
  it('a first build', async (t) => {
    const bed = await scene(t);
    assert.deepEqual(sortedSpeech(await linesOf(bed, 'info', 'creator', creatorArgs(bed))), sortedSpeech(CREATED));
  });

  it('a rebuild: what is restored and what is reused', async (t) => {
    const bed = await scene(t);
    await linesOf(bed, 'info', 'creator', creatorArgs(bed));
    rmSync(join(bed.directory, 'layers/test_one'), { recursive: true });
    const lines = await linesOf(bed, 'info', 'creator', creatorArgs(bed));
    const from = (header: string): readonly string[] => lines.slice(lines.indexOf(header) + 1);
    assert.deepEqual(from('===> ANALYZING')[0], 'Restoring data for SBOM from previous image');
    assert.deepEqual(from('===> RESTORING').slice(0, 6), [
      'Restoring metadata for "test/one:both" from app image',
      'Restoring metadata for "test/one:kept" from app image',
      'Restoring metadata for "test/one:tools" from cache',
      'Restoring data for "test/one:both" from cache',
      'Restoring data for "test/one:tools" from cache',
      '===> BUILDING',
    ]);
    assert.deepEqual(
      from('===> EXPORTING').filter((line) => /reus|add.*layer/i.test(line)),
      [
        "Reusing layers from image 'HOST/shop@DIGEST'",
        "Reusing layer 'test/one:both'",
        "Reusing layer 'test/one:kept'",
        "Reusing layer 'buildpacksio/lifecycle:launch.sbom'",
        'Reused 1/1 app layer(s)',
        "Reusing layer 'buildpacksio/lifecycle:launcher'",
        "Reusing layer 'buildpacksio/lifecycle:config'",
        "Reusing layer 'buildpacksio/lifecycle:process-types'",
        "Reusing cache layer 'test/one:both'",
        "Adding cache layer 'test/one:both'",
        "Reusing cache layer 'test/one:tools'",
        "Adding cache layer 'test/one:tools'",
      ],
    );
  });

  it('under -layout images have the paths of their layouts, and the digest with them', async (t) => {
    const bed = await scene(t);
    const layout = ['-layout', '-layout-dir', 'layout'];
    const args = [...creatorArgs(bed).slice(2, -1), '-run-image', 'oci:registry:base/run:1'];
    const env = { CNB_EXPERIMENTAL_MODE: 'warn' };
    for (const round of ['first', 'second']) {
      const result = await bed.run('creator', ['-log-level', 'debug', ...layout, ...args, 'my/app'], env);
      assert.equal(result.code, 0, result.stdout);
      const lines = result.stdout
        .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
        .split('\n')
        .filter((line) => !line.startsWith('Timer: '));
      const path = 'layout/index.docker.io/my/app/latest';
      assert.ok(lines.includes("Warning: Platform requested experimental feature 'export to OCI layout format'"));
      assert.ok(
        lines.includes(
          round === 'first' ? `Image with name "${path}" not found` : `Found image with identifier "${path}@DIGEST"`,
        ),
      );
      assert.equal(lines.includes(`Reusing layers from image '${path}'`), round === 'second');
      const saving = lines.indexOf(`Saving ${path}...`);
      assert.deepEqual(lines.slice(saving + 1, saving + 4), [`*** Images (${path}@DIGEST):`, `      ${path}`, '']);
      assert.match(lines[saving + 4] ?? '', /^\*\*\* Manifest Size: \d+$/);
      assert.ok(lines.indexOf(`Using app image: ${path}`) > lines.indexOf('===> EXPORTING'));
    }
  });
});

function creatorArgs(bed: LifecycleBed): readonly string[] {
  return [
    ...['-run-image', `${bed.registry}/base/run:1`, '-buildpacks', 'bps', '-order', 'order.toml'],
    ...EXPORT_ARGS,
    `${bed.registry}/shop`,
  ];
}

/** A buildpack's two streams come in any order; everything else stays where it is. */
function sortedSpeech(lines: readonly string[]): readonly string[] {
  const speech = lines.filter((line) => /^(one says|and complains)/.test(line)).sort();
  return lines.map((line) => (/^(one says|and complains)/.test(line) ? (speech.shift() ?? '') : line));
}
