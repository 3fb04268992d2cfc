import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildpackFeatures, platformFeatures } from '../../../src/cnb/features.ts';
import { decodeAnalyzed, encodeAnalyzed } from '../../../src/cnb/files/analyzed.ts';
import { decodeBuildPlan } from '../../../src/cnb/files/build-plan.ts';
import { decodeBuild } from '../../../src/cnb/files/build.ts';
import { decodeGroup, encodeGroup } from '../../../src/cnb/files/group.ts';
import { decodeLaunch } from '../../../src/cnb/files/launch.ts';
import { decodeLayerFile, encodeLayerFile } from '../../../src/cnb/files/layer.ts';
import { decodeMetadata, encodeMetadata } from '../../../src/cnb/files/metadata.ts';
import { decodeModule } from '../../../src/cnb/files/module.ts';
import { decodeOrder } from '../../../src/cnb/files/order.ts';
import { decodePlan, encodeBuildpackPlan, encodePlan } from '../../../src/cnb/files/plan.ts';
import { decodeProjectMetadata, projectMetadataLabel } from '../../../src/cnb/files/project-metadata.ts';
import { encodeReport } from '../../../src/cnb/files/report.ts';
import { decodeStack } from '../../../src/cnb/files/stack.ts';
import { decodeRun } from '../../../src/cnb/files/run.ts';
import { decodeStore, encodeStore } from '../../../src/cnb/files/store.ts';
import { decodeSystem } from '../../../src/cnb/files/system.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../../src/cnb/layer-metadata.ts';
import { formatLocation, parseLocation } from '../../../src/oci/location.ts';
import { failureOf } from '../../support/failure.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const FACTS = { root: '/b', hasBuild: true, hasDetect: true, hasGenerate: false };

describe('order.toml and system.toml', () => {
  it('reads groups, and extensions as optional', () => {
    const text =
      '[[order]]\n[[order.group]]\nid = "a/b"\nversion = "1"\noptional = true\n[[order-extensions]]\n[[order-extensions.group]]\nid = "e"\nversion = "2"';
    assert.deepEqual(decodeOrder(text, 'o'), {
      order: [[{ kind: 'buildpack', id: 'a/b', version: '1', optional: true }]],
      extensions: [[{ kind: 'extension', id: 'e', version: '2', optional: true }]],
    });
  });

  it('names the key that is missing or wrong', () => {
    const error = failureOf(() => decodeOrder('[[order]]\n[[order.group]]\nid = 1', 'o.toml'));
    assert.equal(error.code, 'FILE_INVALID');
    assert.match(
      error.message,
      /^o\.toml: order\[0\]\.group\[0\]\.id: expected a string, found a number; order\[0\]\.group\[0\]\.version: is missing/,
    );
  });

  it('takes system buildpacks as required', () => {
    const text =
      '[system.pre]\nbuildpacks = [{id = "a", version = "1", optional = true}]\n[[system.post.buildpacks]]\nid = "b"\nversion = "2"';
    assert.deepEqual(decodeSystem(text, 's'), {
      pre: [{ kind: 'buildpack', id: 'a', version: '1', optional: false }],
      post: [{ kind: 'buildpack', id: 'b', version: '2', optional: false }],
    });
    assert.deepEqual(decodeSystem('', 's'), { pre: [], post: [] });
  });
});

describe('group.toml and plan.toml', () => {
  it('keeps a group with extensions, without optional flags of buildpacks', () => {
    const group = [
      { kind: 'buildpack', id: 'a', version: '1', api: '0.10' },
      { kind: 'extension', id: 'e', version: '2', api: '0.10', homepage: 'h', optional: true },
    ] as const;
    assert.deepEqual(decodeGroup(encodeGroup(group), 'g'), group);
    assert.ok(!encodeGroup([{ ...group[0], optional: true }]).includes('optional'));
    assert.equal(encodeGroup([]), '');
    assert.deepEqual(decodeGroup('', 'g'), []);
  });

  it('keeps a plan', () => {
    const plan = [
      {
        providers: [{ kind: 'extension', id: 'e', version: '1' }],
        requires: [{ name: 'x', metadata: { version: '1', n: 3n } }, { name: 'x' }],
      },
    ] as const;
    assert.deepEqual(decodePlan(encodePlan(plan), 'p'), plan);
    assert.equal(encodePlan([]), '');
  });

  it('gives a buildpack its entries', () => {
    assert.equal(
      encodeBuildpackPlan([{ name: 'x', metadata: { v: 1n } }, { name: 'y' }]),
      '[[entries]]\n  name = "x"\n  [entries.metadata]\n    v = 1\n\n[[entries]]\n  name = "y"\n',
    );
    assert.equal(encodeBuildpackPlan([]), '');
  });
});

describe('build plans', () => {
  it('reads alternatives', () => {
    const text =
      '[[provides]]\nname = "a"\n[[requires]]\nname = "b"\n[requires.metadata]\nx = 1\n[[or]]\n[[or.provides]]\nname = "c"';
    assert.deepEqual(decodeBuildPlan(text, 'p', 'buildpack', 'bp'), [
      { provides: ['a'], requires: [{ name: 'b', metadata: { x: 1n } }] },
      { provides: ['c'], requires: [] },
    ]);
    assert.deepEqual(decodeBuildPlan('', 'p', 'buildpack', 'bp'), [{ provides: [], requires: [] }]);
  });

  for (const [text, kind, message] of [
    [
      '[[requires]]\nname = "a"\nversion = "1"',
      'buildpack',
      'buildpack bp has a "version" key which is not supported. "metadata.version" should be used instead',
    ],
    [
      '[[or]]\n[[or.requires]]\nname = "a"\nversion = "1"',
      'buildpack',
      'buildpack bp has a "version" key which is not supported. "metadata.version" should be used instead',
    ],
    [
      '[[requires]]\nname = "a"\nversion = "1"\n[requires.metadata]\nversion = "2"',
      'buildpack',
      'buildpack bp has a "version" key and a "metadata.version" which cannot be specified together. "metadata.version" should be used instead',
    ],
    ['[[requires]]\nname = "a"', 'extension', 'extension bp outputs "requires" which is not allowed'],
  ] as const) {
    it(`refuses: ${message}`, () => {
      const error = failureOf(() => decodeBuildPlan(text, 'p', kind, 'bp'));
      assert.equal(error.code, 'BUILDPACK_INVALID');
      assert.equal(error.message, message);
    });
  }
});

describe('analyzed.toml', () => {
  it('writes the first build with its empty tables', () => {
    const text = encodeAnalyzed({ metadata: EMPTY_LIFECYCLE_METADATA }, formatLocation);
    assert.equal(
      text,
      '[image]\n  reference = ""\n\n[metadata]\n  [metadata.config]\n    sha = ""\n  [metadata.launcher]\n    sha = ""\n  [metadata.process-types]\n    sha = ""\n  [metadata.run-image]\n    top-layer = ""\n    reference = ""\n',
    );
    assert.deepEqual(decodeAnalyzed(text, 'a', parseLocation), { metadata: EMPTY_LIFECYCLE_METADATA });
  });

  it('keeps the run image, its target and what it went through', () => {
    const analyzed = {
      previousImage: parseLocation(`oci:/out@${DIGEST}`),
      buildImage: parseLocation(`docker://example.com/build@${DIGEST}`),
      metadata: { ...EMPTY_LIFECYCLE_METADATA, stack: { image: 'run', mirrors: ['m'] } },
      runImage: {
        reference: parseLocation(`docker://example.com/run@${DIGEST}`),
        image: 'example.com/run:1',
        extend: true,
        target: { os: 'linux', arch: 'arm', archVariant: 'v7', distro: { name: 'd', version: '1' } },
        slipway: { requested: 'example.com/run:1', index: DIGEST, platform: 'linux/arm/v7' },
      },
    };
    const text = encodeAnalyzed(analyzed, formatLocation);
    assert.deepEqual(decodeAnalyzed(text, 'a', parseLocation), analyzed);
    assert.ok(
      text.endsWith(
        `  [run-image.slipway]\n    requested = "example.com/run:1"\n    index = "${DIGEST}"\n    platform = "linux/arm/v7"\n`,
      ),
    );
  });
});

describe('buildpack.toml and extension.toml', () => {
  it('reads what the lifecycle uses', () => {
    const text =
      'api = "0.12"\n[buildpack]\nid = "a/b"\nversion = "1"\nname = "N"\nhomepage = "H"\nclear-env = true\nsbom-formats = ["application/spdx+json", "application/vnd.cyclonedx+json;version=1.4"]\nexec-env = ["test"]\ndescription = 1\n[[targets]]\nos = "linux"\nvariant = "v8"\n[[targets.distros]]\nname = "u"\n[[order]]\n[[order.group]]\nid = "c"\nversion = "2"';
    assert.deepEqual(decodeModule(text, 'b', 'buildpack', FACTS), {
      kind: 'buildpack',
      api: '0.12',
      id: 'a/b',
      version: '1',
      name: 'N',
      homepage: 'H',
      clearEnv: true,
      sbomFormats: ['application/spdx+json', 'application/vnd.cyclonedx+json'],
      execEnv: ['test'],
      targets: [{ os: 'linux', arch: '', archVariant: 'v8', distros: [{ name: 'u', version: '' }] }],
      order: [[{ kind: 'buildpack', id: 'c', version: '2', optional: false }]],
      ...FACTS,
    });
  });

  it('takes exec-env as a list of tables too (GAP-20)', () => {
    const text = '[buildpack]\nid = "a"\nversion = "1"\n[[buildpack.exec-env]]\nname = "test"';
    assert.deepEqual(decodeModule(text, 'b', 'buildpack', FACTS).execEnv, ['test']);
  });

  it('reads an extension from its own table', () => {
    const text = 'api = "0.12"\n[extension]\nid = "e"\nversion = "1"';
    assert.deepEqual(decodeModule(text, 'e', 'extension', FACTS).targets, [
      { os: 'linux', arch: '', archVariant: '', distros: [] },
    ]);
    assert.match(failureOf(() => decodeModule(text, 'e', 'buildpack', FACTS)).message, /buildpack\.id: is missing/);
  });
});

describe('launch.toml, build.toml, store.toml and layer files', () => {
  const features = buildpackFeatures('0.12', 'b');

  it('reads processes as direct, and tells no args from empty args', () => {
    const text =
      '[[processes]]\ntype = "web"\ncommand = ["a", "b"]\nargs = []\ndefault = true\n[[processes]]\ntype = "x"\nworking-dir = "/w"\nexec-env = ["test"]';
    assert.deepEqual(decodeLaunch(text, 'l', features, 'bp').processes, [
      { type: 'web', command: ['a', 'b'], args: [], direct: true, isDefault: true, buildpackId: 'bp' },
      {
        type: 'x',
        command: [],
        direct: true,
        isDefault: false,
        buildpackId: 'bp',
        workingDir: '/w',
        execEnv: ['test'],
      },
    ]);
  });

  it('reads a string as the command below Buildpack API 0.9, which a shell starts unless it is direct (B-30)', () => {
    const old = buildpackFeatures('0.8', 'b');
    const text =
      '[[processes]]\ntype = "web"\ncommand = "a b"\n[[processes]]\ntype = "x"\ncommand = "c"\ndirect = true';
    const common = { isDefault: false, buildpackId: 'bp' };
    assert.deepEqual(decodeLaunch(text, 'l', old, 'bp').processes, [
      { type: 'web', command: ['a b'], direct: false, ...common },
      { type: 'x', command: ['c'], direct: true, ...common },
    ]);
    const list = failureOf(() => decodeLaunch('[[processes]]\ntype = "web"\ncommand = ["a"]', 'l', old, 'bp'));
    assert.match(list.message, /processes\[0\]\.command: expected a string/);
  });

  it('refuses direct, a string command and a versioned bom entry (B-30, B-34)', () => {
    const direct = failureOf(() => decodeLaunch('[[processes]]\ntype = "web"\ndirect = false', 'l', features, 'bp'));
    assert.equal(direct.message, 'process.direct is not supported on this buildpack version');
    assert.equal(direct.exit, 52);
    const command = failureOf(() => decodeLaunch('[[processes]]\ntype = "web"\ncommand = "a"', 'l', features, 'bp'));
    assert.match(command.message, /processes\[0\]\.command: expected a list of strings, found a string/);
    const bom = failureOf(() => decodeLaunch('[[bom]]\nname = "n"\nversion = "1"', 'l', features, 'bp'));
    assert.equal(
      bom.message,
      "bom entry 'n' has a top level version which is not allowed. The buildpack should instead set metadata.version",
    );
  });

  it('reads unmet names and refuses an empty one', () => {
    assert.deepEqual(decodeBuild('[[unmet]]\nname = "a"', 'b').unmet, ['a']);
    const error = failureOf(() => decodeBuild('[[unmet]]', 'b'));
    assert.equal(error.message, 'unmet.name is required');
    assert.equal(error.exit, 52);
  });

  it('reads layer types from their table only (B-21)', () => {
    assert.deepEqual(decodeLayerFile('[types]\nlaunch = true\n[metadata]\nn = 7', 'l'), {
      types: { launch: true, build: false, cache: false },
      metadata: { n: 7n },
    });
    assert.deepEqual(decodeLayerFile('', 'l'), { types: { launch: false, build: false, cache: false } });
    const error = failureOf(() => decodeLayerFile('launch = true', '/layers/b/x.toml'));
    assert.equal(error.message, 'the launch, cache and build flags should be in the types table of /layers/b/x.toml');
  });

  it('restores a layer file with its metadata only, numbers as floats after a label', () => {
    assert.equal(
      encodeLayerFile({ n: 7, nested: { when: 'x' } }),
      '[metadata]\n  n = 7.0\n  [metadata.nested]\n    when = "x"\n',
    );
    assert.equal(encodeLayerFile(null), '');
    assert.equal(
      encodeLayerFile({ a: 1n }, { launch: true, build: false, cache: false }),
      '[types]\n  launch = true\n  build = false\n  cache = false\n\n[metadata]\n  a = 1\n',
    );
  });

  it('names the buildpack of a broken store', () => {
    assert.deepEqual(decodeStore('[metadata]\nk = "v"', 's', 'a/b'), { k: 'v' });
    assert.equal(decodeStore('', 's', 'a/b'), null);
    assert.match(
      failureOf(() => decodeStore('x', 's', 'a/b')).message,
      /^failed decoding store\.toml for buildpack "a\/b": s:1:\d+: /,
    );
    assert.equal(encodeStore({ k: 'v' }), '[metadata]\n  k = "v"\n');
  });
});

describe('metadata.toml', () => {
  const NEWEST = platformFeatures('0.15');
  const empty = { buildpacks: [], extensions: [], labels: [], processes: [], slices: [] };

  it('writes the line for no processes at the top', () => {
    const text = encodeMetadata(
      {
        ...empty,
        defaultProcessType: 'web',
        buildpacks: [{ id: 'a', version: '1', api: '0.10' }],
      },
      NEWEST,
    );
    assert.equal(
      text,
      'processes = []\nbuildpack-default-process-type = "web"\n\n[[buildpacks]]\n  id = "a"\n  version = "1"\n  api = "0.10"\n',
    );
  });

  it('escapes only commands as JSON, and prints an absent command as an empty list', () => {
    const process = { type: 'w', command: ['<&>'], args: ['<&>'], direct: true, isDefault: true, buildpackId: 'b' };
    const text = encodeMetadata({ ...empty, processes: [process, { ...process, command: [], args: [] }] }, NEWEST);
    assert.match(text, /command = \["\\u003c\\u0026\\u003e"\]\n {2}args = \["<&>"\]/);
    assert.match(text, /command = \[\]\n {2}args = \[\]/);
    assert.equal(text.includes('default'), false);
    assert.deepEqual(decodeMetadata(text, 'm').processes, [
      { ...process, isDefault: false },
      { ...process, isDefault: false, command: [], args: [] },
    ]);
  });

  it('has commands as strings before Platform API 0.10, whose other words come before the arguments (B-03)', () => {
    const process = { type: 'w', command: ['<', 'b'], direct: true, isDefault: false, buildpackId: 'x' };
    const processes = [process, { ...process, command: [], args: ['c'] }];
    const text = encodeMetadata({ ...empty, processes }, platformFeatures('0.9'));
    assert.match(text, /command = "\\u003c"\n {2}args = \["b"\]/);
    assert.match(text, /command = ""\n {2}args = \["c"\]/);
    const decoded = decodeMetadata(text, 'm');
    assert.deepEqual(decoded.processes, [
      { ...process, command: ['<'], args: ['b'] },
      { ...process, command: [], args: ['c'] },
    ]);
    assert.equal(encodeMetadata(decoded, platformFeatures('0.9')), text);
  });

  it('has the bill of materials first, before Platform API 0.9 (B-34)', () => {
    const bom = [{ name: 'dep', metadata: { v: 1n }, buildpack: { id: 'a', version: '1' } }];
    const text = encodeMetadata({ ...empty, bom }, platformFeatures('0.8'));
    assert.equal(
      text,
      'processes = []\n\n[[bom]]\n  name = "dep"\n  [bom.metadata]\n    v = 1\n  [bom.buildpack]\n    id = "a"\n    version = "1"\n',
    );
    assert.deepEqual(decodeMetadata(text, 'm').bom, bom);
    assert.equal(encodeMetadata({ ...empty, bom }, platformFeatures('0.9')), 'processes = []\n');
  });
});

describe('run.toml, report.toml and project-metadata.toml', () => {
  it('reads the run image of stack.toml as the only entry, and none without a name', () => {
    assert.deepEqual(decodeStack('[run-image]\nimage = "a"\nmirrors = ["b"]', 's'), [{ image: 'a', mirrors: ['b'] }]);
    for (const text of ['', '[run-image]', '[run-image]\nimage = ""\nmirrors = ["b"]'])
      assert.deepEqual(decodeStack(text, 's'), []);
  });

  it('writes the bill of materials of the build before the image', () => {
    const buildBom = [{ name: 'tool', buildpack: { id: 'a', version: '1' } }];
    assert.equal(
      encodeReport({ tags: ['t'], buildBom }),
      '[build]\n\n  [[build.bom]]\n    name = "tool"\n    [build.bom.buildpack]\n      id = "a"\n      version = "1"\n\n[image]\n  tags = ["t"]\n',
    );
  });

  it('reads run images', () => {
    assert.deepEqual(decodeRun('[[images]]\nimage = "a"\nmirrors = ["b"]\n[[images]]\nimage = "c"', 'r'), [
      { image: 'a', mirrors: ['b'] },
      { image: 'c', mirrors: [] },
    ]);
  });

  it('writes a report with its outputs', () => {
    const text = encodeReport({
      tags: ['a'],
      digest: DIGEST,
      manifestSize: 12,
      outputs: [
        { location: 'oci:x', digest: DIGEST, manifestSize: 12, mediaType: 't' },
        { location: 'y', error: 'no' },
      ],
      slipway: { launcher: 'shell' },
    });
    assert.equal(
      text,
      `[image]\n  tags = ["a"]\n  digest = "${DIGEST}"\n  manifest-size = 12\n\n  [[image.outputs]]\n    location = "oci:x"\n    digest = "${DIGEST}"\n    manifest-size = 12\n    media-type = "t"\n\n  [[image.outputs]]\n    location = "y"\n    error = "no"\n  [image.slipway]\n    launcher = "shell"\n`,
    );
  });

  it('leaves empty members out of the project label', () => {
    assert.equal(projectMetadataLabel(decodeProjectMetadata('', 'p')), '{}');
    assert.equal(projectMetadataLabel(decodeProjectMetadata('[source]', 'p')), '{"source":{}}');
    const text =
      '[source]\ntype = "git"\n[source.metadata]\nb = 9007199254740993\na = 1979-05-27\nc = 07:32:00.25\nd = 1.0';
    assert.equal(
      projectMetadataLabel(decodeProjectMetadata(text, 'p')),
      '{"source":{"type":"git","metadata":{"a":"1979-05-27T00:00:00Z","b":9007199254740993,"c":"0000-01-01T07:32:00.25Z","d":1}}}',
    );
  });

  it('refuses nan in a label', () => {
    const metadata = decodeProjectMetadata('[source.metadata]\na = nan', 'p');
    assert.equal(failureOf(() => projectMetadataLabel(metadata)).code, 'FILE_INVALID');
  });
});
