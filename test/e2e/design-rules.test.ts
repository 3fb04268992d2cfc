import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Digest } from '../../src/oci/digest.ts';
import { attestationOf, putBase, putIndex } from '../support/base-images.ts';
import {
  AMD64,
  ARM64,
  lifecycleBed,
  putRunImage,
  type BedOptions,
  type LifecycleBed,
} from '../support/lifecycle-bed.ts';
import { NODE } from '../support/program.ts';
import { HELLO, type SampleBuildpack } from '../support/sample-buildpacks.ts';
import { servedImage, WHOLE_PROGRAMS } from '../support/whole-builds.ts';

/** Says what it is told about the target; one cached launch layer and a process. */
const TELLING: SampleBuildpack = {
  id: 'test/telling',
  build: `echo "told $CNB_TARGET_OS/$CNB_TARGET_ARCH/\${CNB_TARGET_ARCH_VARIANT:-} $CNB_TARGET_DISTRO_NAME $CNB_TARGET_DISTRO_VERSION"
mkdir -p "$1/layer"; printf 'for %s' "$CNB_TARGET_ARCH" >"$1/layer/file"
printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/layer.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["serve"]\\ndefault = true\\n' >"$1/launch.toml"`,
};
const METADATA = 'io.buildpacks.lifecycle.metadata';

/** `base/run:1` as an index of two platforms with an attestation, inside another index. */
async function putNested(bed: LifecycleBed): Promise<Readonly<Record<'amd64' | 'arm64' | 'index', Digest>>> {
  const found: { amd64?: Digest; arm64?: Digest } = {};
  const index = await bed.put('base/run:1', async (sink) => {
    const amd64 = await putBase(sink, AMD64, bed.ctx);
    const arm64 = await putBase(sink, { ...ARM64, variant: 'v8' }, bed.ctx);
    const attestation = attestationOf(amd64);
    await sink.put(attestation.config, bed.ctx);
    await sink.putManifest(attestation.manifest, bed.ctx);
    const inner = await putIndex(sink, [attestation.descriptor, amd64, arm64], bed.ctx);
    Object.assign(found, { amd64: amd64.digest, arm64: arm64.digest });
    return (await putIndex(sink, [inner.descriptor], bed.ctx)).descriptor;
  });
  assert.ok(found.amd64 !== undefined && found.arm64 !== undefined);
  return { amd64: found.amd64, arm64: found.arm64, index: index.digest };
}

/** Requests of a run image's name: what a program asks by a tag. */
function tagReads(bed: LifecycleBed): readonly string[] {
  return bed.requests
    .filter(({ method, path }) => method !== 'PUT' && /^\/v2\/base\/run\/manifests\/(?!sha256:)/.test(path))
    .map(({ method, path }) => `${method} ${path}`);
}

describe('design §2.1: a reference is resolved once, to the manifest of one platform', () => {
  for (const program of WHOLE_PROGRAMS) {
    it(`${program.name}: one request by the tag, and a tag that a buildpack moves changes nothing (GAP-12)`, async (t) => {
      const bed = await lifecycleBed(t, { buildpacks: [HELLO] });
      const first = await putRunImage(bed);
      const second = await bed.put('base/run:2', (sink) =>
        putBase(sink, AMD64, bed.ctx, { env: ['PATH=/moved'], labels: { moved: 'yes' } }),
      );
      assert.notEqual(first.digest, second.digest);
      const url = `http://${bed.registry}/v2/base/run/manifests`;
      const move = `fetch("${url}/${second.digest}").then(async (from) => fetch("${url}/1", { method: "PUT",
        headers: { "content-type": from.headers.get("content-type") }, body: await from.text() }))
        .then((answer) => { console.log("moved:", answer.status); })`;
      bed.write('move.mjs', move);
      bed.write('bps/test_hello/1.0.0/bin/build', `#!/bin/sh\nset -eu\n${NODE} ${bed.directory}/move.mjs\n`, 0o755);
      const result = await program.build(bed, { runImage: `${bed.registry}/base/run:1` });
      assert.equal(result.code, 0, result.stdout + result.stderr);
      assert.match(result.stdout + result.stderr, /moved: 201/);
      assert.equal((await servedImage(bed, 'base/run:1')).manifestDigest, second.digest, 'the tag did move');
      assert.deepEqual(tagReads(bed), ['GET /v2/base/run/manifests/1']);
      const image = await servedImage(bed);
      assert.ok(
        image.config.labels['moved'] === undefined && !image.config.env.some((entry) => entry.includes('moved')),
      );
      assert.match(image.config.labels[METADATA] ?? '', new RegExp(`"reference":"[^"]*@${first.digest}"`));
    });
  }

  it('the five programs: the analyzer alone asks by the tag', async (t) => {
    const bed = await lifecycleBed(t);
    await putRunImage(bed);
    bed.write('run.toml', `[[images]]\n  image = "${bed.registry}/base/run:1"\n`);
    for (const [program, args] of [
      ['analyzer', [`${bed.registry}/shop`]],
      ['detector', ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml']],
      ['restorer', []],
      ['builder', ['-app', 'app', '-buildpacks', 'bps']],
      ['exporter', ['-app', 'app', '-launcher', './launcher', `${bed.registry}/shop`]],
    ] as const) {
      const env = ['analyzer', 'restorer', 'exporter'].includes(program) ? { CNB_RUN_PATH: 'run.toml' } : {};
      const result = await bed.run(program, args, env);
      assert.equal(result.code, 0, `${program}: ${result.stdout}${result.stderr}`);
      assert.equal(tagReads(bed).length, 1, program);
    }
  });

  it('through an index in an index, past attestations, and each platform to its own manifest (GAP-2)', async (t) => {
    for (const program of WHOLE_PROGRAMS) {
      const bed = await lifecycleBed(t, { buildpacks: [TELLING] });
      const { amd64, arm64 } = await putNested(bed);
      for (const [target, digest] of [
        ['linux/amd64', amd64],
        ['linux/arm64/v8', arm64],
      ] as const) {
        const result = await program.build(bed, { runImage: `${bed.registry}/base/run:1`, target });
        assert.equal(result.code, 0, result.stdout + result.stderr);
        const labels = (await servedImage(bed, 'shop:latest', target)).config.labels;
        assert.match(labels[METADATA] ?? '', new RegExp(`"reference":"${bed.registry}/base/run@${digest}"`));
      }
    }
  });
});

describe('design §2.2: from there on only descriptors travel', () => {
  const files = readdirSync('src/phases', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, text: readFileSync(join('src/phases', name), 'utf8') }));

  it('phases import no registry, keychain or locator, and no store of a kind', () => {
    assert.ok(files.length > 20);
    const forbidden = /from '[./]*\/(registry|keychain|locate|registryd|store\/(layout|archive|memory))\//;
    assert.deepEqual(
      files.flatMap(({ name, text }) => (forbidden.test(text) ? [name] : [])),
      [],
    );
    const rules = readFileSync('test/house/import-rules.test.ts', 'utf8');
    for (const to of ['registry', 'keychain', 'locate']) {
      const edge = `{ from: 'phases', to: '${to}' }`;
      assert.ok(rules.includes(edge), `the import rules no longer forbid ${edge}`);
    }
  });

  it('phases parse no reference and no location', () => {
    const parsing = /\b(parse(Reference|Location|Pinned)|readName)\(/;
    assert.deepEqual(
      files.flatMap(({ name, text }) => (parsing.test(text) ? [name] : [])),
      [],
    );
  });
});

interface Wrong {
  readonly what: string;
  readonly serve?: BedOptions;
  readonly put: (bed: LifecycleBed) => Promise<unknown>;
  readonly target?: string;
  readonly says: readonly RegExp[];
}

const WRONGS: readonly Wrong[] = [
  {
    what: 'missing',
    put: () => Promise.resolve(),
    says: [/base\/run:1/, /404/],
  },
  {
    what: 'forbidden',
    serve: { auth: { kind: 'basic', users: { someone: 'a-password-nobody-should-see' } } },
    put: putRunImage,
    says: [/401/, /CNB_REGISTRY_AUTH: not set/],
  },
  {
    what: 'of the wrong platform',
    put: (bed) =>
      bed.put(
        'base/run:1',
        async (sink) => (await putIndex(sink, [await putBase(sink, ARM64, bed.ctx)], bed.ctx)).descriptor,
      ),
    target: 'linux/amd64',
    says: [/no linux\/amd64 image/, /offered\s+linux\/arm64/],
  },
  {
    what: 'without layers',
    put: (bed) => bed.put('base/run:1', (sink) => putBase(sink, AMD64, bed.ctx, { withoutLayers: true })),
    says: [/no layers/],
  },
  {
    what: 'of another platform in its config than in the index',
    put: (bed) =>
      bed.put('base/run:1', async (sink) => {
        const amd64 = await putBase(sink, AMD64, bed.ctx);
        return (await putIndex(sink, [{ ...amd64, platform: ARM64 }], bed.ctx)).descriptor;
      }),
    target: 'linux/arm64',
    says: [/says linux\/amd64 in its config but is listed as linux\/arm64/],
  },
];

describe('design §2.3: what is wrong with an image is told where it is first named', () => {
  for (const { what, serve, put, target, says } of WRONGS) {
    it(`a run image that is ${what}: exit 32 before a buildpack runs`, async (t) => {
      for (const program of WHOLE_PROGRAMS) {
        const bed = await lifecycleBed(t, {
          ...serve,
          buildpacks: [{ ...TELLING, detect: 'echo detect ran; exit 100' }],
        });
        await put(bed);
        const result = await program.build(bed, {
          runImage: `${bed.registry}/base/run:1`,
          ...(target === undefined ? {} : { target }),
        });
        const said = result.stdout + result.stderr;
        assert.equal(result.code, 32, said);
        for (const words of says) assert.match(said, words);
        assert.ok(!said.includes('a-password-nobody-should-see'));
        assert.doesNotMatch(said, /DETECTING|detect ran/);
        assert.equal(existsSync(join(bed.directory, 'layers/analyzed.toml')), false, 'nothing is recorded');
      }
    });
  }
});

describe('design §2.4: nothing is guessed from the host when a run image is known', () => {
  for (const program of WHOLE_PROGRAMS) {
    it(`${program.name}: an arm64 run image makes buildpacks, image and cache image arm64 (GAP-8, GAP-10)`, async (t) => {
      const bed = await lifecycleBed(t, { buildpacks: [TELLING] });
      await putRunImage(bed, { ...ARM64, variant: 'v8' });
      const result = await program.build(bed, {
        runImage: `${bed.registry}/base/run:1`,
        args: ['--cache-image', `${bed.registry}/cache`],
      });
      assert.equal(result.code, 0, result.stdout + result.stderr);
      // Distro too: this machine's is not "test 1".
      assert.match(result.stdout + result.stderr, /told linux\/arm64\/v8 test 1/);
      const image = await servedImage(bed, 'shop:latest', 'linux/arm64');
      assert.deepEqual(image.platform, { os: 'linux', architecture: 'arm64', variant: 'v8' });
      const cache = await servedImage(bed, 'cache:latest', 'linux/arm64');
      assert.equal(cache.platform.architecture, 'arm64');
    });
  }
});

/** Every blob of a layout that is JSON text: configs, manifests and labels in them. */
function jsonBlobs(layout: string): readonly string[] {
  const blobs = join(layout, 'blobs/sha256');
  return readdirSync(blobs)
    .map((name) => readFileSync(join(blobs, name)))
    .filter((bytes) => bytes[0] === 0x7b)
    .map((bytes) => bytes.toString());
}

describe('design §2.5: what is recorded is the platform’s manifest, and no path of this machine', () => {
  it('analyzed.toml: repo@digest of the platform manifest, with requested, index and platform beside it', async (t) => {
    const bed = await lifecycleBed(t);
    const { arm64, index } = await putNested(bed);
    const args = ['-target', 'linux/arm64/v8', '-run-image', `${bed.registry}/base/run:1`, `${bed.registry}/shop`];
    assert.equal((await bed.run('analyzer', args)).code, 0);
    const analyzed = bed.text('layers/analyzed.toml');
    const runImage = analyzed.slice(analyzed.indexOf('[run-image]'));
    assert.ok(runImage.startsWith(`[run-image]\n  reference = "${bed.registry}/base/run@${arm64}"\n`), runImage);
    const slipway = `  [run-image.slipway]\n    requested = "${bed.registry}/base/run:1"\n    index = "${index}"\n    platform = "linux/arm64/v8"\n`;
    assert.ok(runImage.includes(slipway), runImage);
  });

  for (const program of WHOLE_PROGRAMS) {
    it(`${program.name}: nothing in an image over a layout on disk holds a path of it`, async (t) => {
      const bed = await lifecycleBed(t, { buildpacks: [TELLING] });
      const { digest } = await putRunImage(bed);
      const runImage = `oci:${join(bed.directory, 'registry')}:base/run:1`;
      const result = await program.build(bed, { runImage });
      assert.equal(result.code, 0, result.stdout + result.stderr);
      const image = await servedImage(bed);
      const label = image.config.labels[METADATA] ?? '';
      assert.match(label, new RegExp(`"reference":"${digest}"`), 'a bare digest');
      // The programs of the lifecycle work in place: their two directories are in the image by name, and nothing else is.
      const inPlace = program.name === 'creator' ? [`${bed.directory}/layers`, `${bed.directory}/app`] : [];
      const config = inPlace.reduce((text, path) => text.replaceAll(path, ''), Buffer.from(image.rawConfig).toString());
      assert.ok(!config.includes(bed.directory), config);
      assert.ok(!Buffer.from(image.rawManifest.bytes).toString().includes(bed.directory));
    });
  }

  it('-run-image-name is recorded instead', async (t) => {
    for (const program of WHOLE_PROGRAMS) {
      const bed = await lifecycleBed(t, { buildpacks: [TELLING] });
      await putRunImage(bed);
      bed.write('run.toml', '[[images]]\n  image = "registry.example/base/run:1"\n');
      const args = [
        '--run-image-name',
        'registry.example/base/run:1',
        ...(program.name === 'creator' ? ['--run', 'run.toml'] : []),
      ];
      const result = await program.build(bed, { runImage: `oci:${join(bed.directory, 'registry')}:base/run:1`, args });
      assert.equal(result.code, 0, result.stdout + result.stderr);
      assert.match((await servedImage(bed)).config.labels[METADATA] ?? '', /"image":"registry\.example\/base\/run:1"/);
    }
  });

  it('under -layout the label has the path, which is the image’s name there', async (t) => {
    const bed = await lifecycleBed(t, { buildpacks: [TELLING] });
    const { digest } = await putRunImage(bed);
    const build = ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml', '-launcher', './launcher'];
    const layout = join(bed.directory, 'layouts');
    const first = await bed.run('creator', [
      ...build,
      '-run-image',
      `${bed.registry}/base/run:1`,
      `oci:${layout}/index.docker.io/base/run/1`,
    ]);
    assert.equal(first.code, 0, first.stdout);
    const result = await bed.run(
      'creator',
      [...build, '-layout', '-layout-dir', layout, '-run-image', 'base/run:1', 'my/app'],
      { CNB_EXPERIMENTAL_MODE: 'quiet' },
    );
    assert.equal(result.code, 0, result.stdout);
    const labels = jsonBlobs(join(layout, 'index.docker.io/my/app/latest')).join('\n');
    assert.ok(labels.includes(`${layout}/index.docker.io/base/run/1@sha256:`), labels);
    assert.ok(!labels.includes(digest), 'of the run image that was given, not of what it was made of');
  });
});

describe('design §2.6: caches are transactions', () => {
  it('one folder as build cache and launch cache, without a daemon, gives back a layer that the registry lost', async (t) => {
    const bed = await lifecycleBed(t, {
      buildpacks: [
        {
          ...TELLING,
          // The layer's contents are made once; afterwards only its metadata is there, and the image must get them from elsewhere.
          build: `if [ -f "$1/layer.toml" ]; then printf '[types]\\nlaunch = true\\n' >>"$1/layer.toml"; exit 0; fi
mkdir -p "$1/layer"; seq 1 5000 >"$1/layer/file"; printf '[types]\\nlaunch = true\\n' >"$1/layer.toml"`,
        },
      ],
    });
    await putRunImage(bed);
    const [creator] = WHOLE_PROGRAMS;
    assert.ok(creator);
    const build = {
      runImage: `${bed.registry}/base/run:1`,
      args: ['--cache-dir', 'new/cache', '--launch-cache', 'new/cache'],
    };
    const first = await creator.build(bed, build);
    assert.equal(first.code, 0, first.stdout);
    assert.doesNotMatch(first.stdout, /Ignoring -launch-cache/);
    const before = await servedImage(bed);
    const lost = before.layers.find((layer) => layer.descriptor.size > 5000);
    assert.ok(lost, 'the layer is the largest');
    rmSync(join(bed.directory, 'registry/blobs/sha256', lost.descriptor.digest.slice('sha256:'.length)));
    rmSync(join(bed.directory, 'layers/test_telling'), { recursive: true });
    const second = await creator.build(bed, build);
    assert.equal(second.code, 0, second.stdout);
    assert.match(second.stdout, /Reusing layer 'test\/telling:layer'/);
    assert.ok(existsSync(join(bed.directory, 'registry/blobs/sha256', lost.descriptor.digest.slice('sha256:'.length))));
    assert.equal((await servedImage(bed)).manifestDigest, before.manifestDigest);
    assert.deepEqual(
      readdirSync(join(bed.directory, 'new/cache/roots')).filter((name) => !name.endsWith('.json')),
      [],
    );
  });
});
