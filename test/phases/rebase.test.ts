import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { LIFECYCLE_METADATA_LABEL } from '../../src/cnb/labels.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { displayLocation, parseLocation, type Location } from '../../src/oci/location.ts';
import { decodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import type { Image } from '../../src/ports/image.ts';
import { rebase, type RebaseOutput } from '../../src/phases/rebase.ts';
import { findApp, type RebaseImages } from '../../src/phases/rebase/find-app.ts';
import { baseCandidates, findBase } from '../../src/phases/rebase/find-base.ts';
import type { RebaseRules } from '../../src/phases/rebase/rebase-one.ts';
import type { AssembledImage } from '../../src/store/copy.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { selectImage } from '../../src/store/select.ts';
import { isObject } from '../../src/schema/reader.ts';
import { testContext, type TestContextOf } from '../support/context.ts';
import { rejectionOf } from '../support/failure.ts';
import { entryOf, fill, indexOf, layerOf } from '../support/images.ts';
import { appImageOf, labelOf, runImageOf, type AppSpec } from '../support/rebase-images.ts';

const APP = 'registry.example/acme/shop:1';
const RUN = 'registry.example/run:1';
const NEW_RUN = runImageOf('linux/amd64', { layers: ['base 1', 'base 2'] });
const KNOWN = { image: RUN, mirrors: ['mirror.example/run:1'] };

describe('rebase', () => {
  it('swaps the base and keeps the app: layers, history, author, variant of the base, unknown keys (Z-01, Z-17, GAP-9)', async (t) => {
    const bed = await setUp(t, appImageOf('linux/arm64/v8', { runImage: KNOWN }), {
      [RUN]: runImageOf('linux/arm64/v8', { layers: ['base 1', 'base 2'], config: { 'os.version': '6.1' } }),
    });
    const image = await bed.rebased();
    const diffIds = ['base 1', 'base 2', 'app 1', 'app 2'].map((text) => layerOf(text).diffId);
    assert.deepEqual(image.config.diffIds, diffIds);
    assert.deepEqual(image.platform, { os: 'linux', architecture: 'arm64', variant: 'v8', osVersion: '6.1' });
    assert.equal(image.config.fields['author'], 'somebody');
    assert.deepEqual(image.config.fields['x-kept'], { by: 'rebase' });
    assert.deepEqual(
      image.config.history.map(({ createdBy, created }) => [createdBy, created]),
      [
        ['made 0', '1980-01-01T00:00:01Z'],
        ['made 1', '1980-01-01T00:00:01Z'],
        ['made app 1', '1980-01-01T00:00:01Z'],
        ['made app 2', '1980-01-01T00:00:01Z'],
      ],
    );
    assert.deepEqual(image.config.env, ['PATH=/cnb/process:/bin', 'CNB_PLATFORM_API=0.15']);
    assert.deepEqual(image.config.entrypoint, ['/cnb/process/web']);
  });

  it('changes top layer and reference in the label, and no other byte of it (Z-01, Z-15)', async (t) => {
    const spec: AppSpec = { runImage: { ...KNOWN, more: [1.0] } };
    const bed = await setUp(t, appImageOf('linux/amd64', spec), { [RUN]: NEW_RUN });
    const image = await bed.rebased();
    const expected = labelOf(spec)
      .replace(layerOf('base 1').diffId, layerOf('base 2').diffId)
      .replace('registry.example/run@sha256:0', `registry.example/run@${NEW_RUN.manifest.descriptor.digest}`);
    assert.equal(image.config.labels[LIFECYCLE_METADATA_LABEL], expected);
    const unusual = labelOf(spec).replace(/"app":\[[^\]]*\]/, '"app":{"of":"another type"}');
    const other = await setUp(t, appImageOf('linux/amd64', { label: unusual }), { [RUN]: NEW_RUN });
    assert.ok((await other.rebased()).config.labels[LIFECYCLE_METADATA_LABEL]?.includes('"app":{"of":"another type"}'));
  });

  it('takes labels of the base from the new one, stack and base, removed and added (Z-05)', async (t) => {
    const labels = {
      'io.buildpacks.base.id': 'new',
      'io.buildpacks.stack.id': 'new',
      'org.example.other': 'not copied',
    };
    const bed = await setUp(t, appImageOf('linux/amd64', { runImage: KNOWN, labels: { mine: 'stays' } }), {
      [RUN]: runImageOf('linux/amd64', { layers: ['base 2'], labels }),
    });
    const after = (await bed.rebased()).config.labels;
    assert.deepEqual(Object.keys(after).sort(), [
      'io.buildpacks.base.distro.name',
      'io.buildpacks.base.distro.version',
      'io.buildpacks.base.id',
      LIFECYCLE_METADATA_LABEL,
      'io.buildpacks.stack.id',
      'mine',
    ]);
  });

  it('gives the same digest twice, and rebased again it is the same (Z-16)', async (t) => {
    const bed = await setUp(t, appImageOf('linux/amd64', { runImage: KNOWN }), { [RUN]: NEW_RUN });
    const first = await bed.run();
    const second = await bed.run();
    assert.equal(first.digest, second.digest);
    assert.equal(second.platforms[0]?.before, second.platforms[0]?.after);
  });

  it('honours SOURCE_DATE_EPOCH (GAP-9)', async (t) => {
    const bed = await setUp(t, appImageOf('linux/amd64', { runImage: KNOWN }), { [RUN]: NEW_RUN });
    const image = await bed.rebased({ sourceDateEpoch: '1700000000' });
    assert.equal(image.config.fields['created'], '2023-11-14T22:13:20Z');
    assert.ok(image.config.history.every(({ created }) => created === '2023-11-14T22:13:20Z'));
  });

  it('keeps the media types of the app, over a base of the other family', async (t) => {
    for (const [family, other] of [
      ['docker', 'oci'],
      ['oci', 'docker'],
    ] as const) {
      const bed = await setUp(t, appImageOf('linux/amd64', { runImage: KNOWN, family }), {
        [RUN]: runImageOf('linux/amd64', { layers: ['base 2'], family: other }),
      });
      const { manifest } = await bed.rebased();
      const types = [manifest.mediaType, manifest.config.mediaType, ...manifest.layers.map((layer) => layer.mediaType)];
      assert.ok(
        types.every((type) => type.includes('.docker.') === (family === 'docker')),
        types.join(' '),
      );
    }
  });

  it('a dry run says what would change and writes nothing', async (t) => {
    const app = appImageOf('linux/amd64', { runImage: KNOWN });
    const bed = await setUp(t, app, { [RUN]: NEW_RUN });
    const output = await bed.run({}, { isDryRun: true });
    assert.deepEqual(output.outputs, []);
    assert.deepEqual(output.platforms, [
      {
        platform: 'linux/amd64',
        before: app.manifest.descriptor.digest,
        after: output.digest,
        oldBase: RUN,
        newBase: `registry.example/run@${NEW_RUN.manifest.descriptor.digest}`,
        layersRemoved: 1,
        layersAdded: 2,
        layersKept: 2,
        labels: ['io.buildpacks.base.maintainer', LIFECYCLE_METADATA_LABEL],
      },
    ]);
    assert.equal((await bed.image()).manifestDigest, app.manifest.descriptor.digest);
  });
});

describe('rebase: the old base', () => {
  it('is recognised by its top diffID, the last of several below the app', async (t) => {
    const base = ['base 1', 'base 1', 'base 1'];
    const bed = await setUp(t, appImageOf('linux/amd64', { base, runImage: KNOWN }), { [RUN]: NEW_RUN });
    const { config } = await bed.rebased();
    assert.equal(config.diffIds.length, 4);
  });

  for (const [what, spec, says] of [
    ['without the label', { label: undefined }, 'it has no label io.buildpacks.lifecycle.metadata'],
    ['with another text as label', { label: 'text' }, 'is no JSON object'],
    ['on scratch', { label: '{"runImage":{"topLayer":"","reference":""}}' }, 'it stands on no base (scratch)'],
    [
      'whose base is not in it',
      { label: '{"runImage":{"topLayer":"sha256:0"}}' },
      'could not find base layer in image',
    ],
  ] as const)
    it(`an image ${what} is refused, force or not`, async (t) => {
      const bed = await setUp(t, appImageOf('linux/amd64', spec), { [RUN]: NEW_RUN });
      const error = await rejectionOf(bed.run({ force: true }, { runImage: RUN }));
      assert.equal(error.code, 'REBASE_REFUSED');
      assert.equal(error.exit, 72);
      assert.ok(error.message.startsWith('rebase app image: could not find base layer in image'), error.message);
      assert.ok(error.message.includes(says), error.message);
    });
});

describe('rebase: names', () => {
  for (const [what, runImage, name] of [
    ['its tag', KNOWN, RUN],
    ['a mirror', KNOWN, 'mirror.example/run:1'],
    ['a name of the hub in short', { image: 'index.docker.io/library/run:latest' }, 'run'],
    ['its name with a digest', KNOWN, `registry.example/run:1@${NEW_RUN.manifest.descriptor.digest}`],
  ] as const)
    it(`a run image that the label knows by ${what} is taken, and the names stay (Z-04)`, async (t) => {
      const bed = await setUp(t, appImageOf('linux/amd64', { runImage }), { [name.split('@')[0] ?? '']: NEW_RUN });
      const { config } = await bed.rebased({ isStrict: true }, { runImage: name });
      assert.deepEqual(recordOf(config.labels), {
        image: runImage.image,
        ...('mirrors' in runImage ? { mirrors: runImage.mirrors } : {}),
      });
    });

  it('another tag of the same repository needs no force, and is recorded; strict refuses it', async (t) => {
    const name = 'registry.example/run:1.0.1';
    const bed = await setUp(t, appImageOf('linux/amd64', { runImage: KNOWN }), { [name]: NEW_RUN });
    const error = await rejectionOf(bed.run({ isStrict: true }, { runImage: name }));
    assert.match(
      error.message,
      /^rebase app image: new base image 'registry\.example\/run:1\.0\.1' not found in existing run image metadata: \{"topLayer":"sha256:[0-9a-f]{64}","reference":.*"image":"registry\.example\/run:1","mirrors":\["mirror\.example\/run:1"\]\}$/,
    );
    assert.deepEqual(error.hint, { kind: 'force-rebase' });
    const { config } = await bed.rebased({}, { runImage: name });
    assert.deepEqual(recordOf(config.labels), { image: name });
  });

  it('another repository is refused; force warns, records it alone and drops the mirrors (Z-03)', async (t) => {
    const name = 'other.example/run:1';
    const bed = await setUp(t, appImageOf('linux/amd64', { stack: KNOWN }), { [name]: NEW_RUN });
    const error = await rejectionOf(bed.run({}, { runImage: name }));
    assert.equal(error.code, 'REBASE_REFUSED');
    assert.ok(error.message.endsWith(`metadata: ${JSON.stringify(KNOWN)}`), error.message);
    const { config } = await bed.rebased({ force: true }, { runImage: name });
    assert.deepEqual(recordOf(config.labels), { image: name });
    const label: unknown = JSON.parse(config.labels[LIFECYCLE_METADATA_LABEL] ?? '');
    assert.deepEqual(memberOf(label, 'stack'), { runImage: { image: name } });
    assert.ok(
      warnings(bed.ctx).some((text) => text.startsWith("rebase app image: new base image 'other.example/run:1'")),
    );
  });

  it('before Platform API 0.12 nobody asks for names, and those of the label and the labels of the base stay (Z-03)', async (t) => {
    const name = 'other.example/run:1';
    const app = appImageOf('linux/amd64', { runImage: KNOWN, labels: { 'io.buildpacks.stack.id': 'old' } });
    const bed = await setUp(t, app, { [name]: NEW_RUN });
    const features = platformFeatures('0.11');
    const { config } = await bed.rebased({ features, isStrict: true, sourceDateEpoch: undefined }, { runImage: name });
    assert.deepEqual(recordOf(config.labels), KNOWN);
    assert.equal(config.labels['io.buildpacks.base.maintainer'], 'old');
    assert.equal(config.labels['io.buildpacks.stack.id'], undefined);
  });

  it('a label without names takes the base that is named, and strict refuses it', async (t) => {
    const app = appImageOf('linux/amd64', { runImage: { reference: NEW_RUN.manifest.descriptor.digest } });
    const bed = await setUp(t, app, { [RUN]: NEW_RUN });
    const error = await rejectionOf(bed.run({ isStrict: true }, { runImage: RUN }));
    assert.ok(error.message.endsWith('metadata: {}'), error.message);
    const { config } = await bed.rebased({}, { runImage: RUN });
    assert.deepEqual(recordOf(config.labels), { image: RUN });
  });

  it('the run image comes from the label: image, stack, the mirror of the app’s registry (Z-10)', async (t) => {
    const near = { image: 'far.example/run:1', mirrors: [RUN] };
    for (const spec of [{ runImage: KNOWN }, { stack: KNOWN }, { runImage: near }]) {
      const bed = await setUp(t, appImageOf('linux/amd64', spec), { [RUN]: NEW_RUN });
      assert.equal(
        (await bed.run()).platforms[0]?.newBase,
        `registry.example/run@${NEW_RUN.manifest.descriptor.digest}`,
      );
    }
    const none = await setUp(t, appImageOf('linux/amd64'), {});
    const error = await rejectionOf(none.run());
    assert.equal(error.code, 'RUN_IMAGE_UNKNOWN');
    assert.equal(error.exit, 72);
    assert.ok(error.message.includes('-run-image is required when there is no run image metadata available'));
  });
});

describe('rebase: targets', () => {
  for (const [what, base, fact] of [
    ['os', runImageOf('windows/amd64'), ['os', 'linux before, windows']],
    ['architecture', runImageOf('linux/s390x'), ['architecture', 'amd64 before, s390x']],
    [
      'distro',
      runImageOf('linux/amd64', { labels: { 'io.buildpacks.base.distro.name': 'x' } }),
      ['distro', 'test before, x'],
    ],
    [
      'distro version',
      runImageOf('linux/amd64', { labels: { 'io.buildpacks.base.distro.version': '2' } }),
      ['distro version', '1 before, 2'],
    ],
  ] as const)
    it(`another ${what} is refused with the fact that differs; force warns (Z-09)`, async (t) => {
      const bed = await setUp(t, appImageOf('linux/amd64', { runImage: KNOWN }), { [RUN]: base });
      const error = await rejectionOf(bed.run());
      assert.ok(
        error.message.startsWith('unable to satisfy target os/arch constraints; new run image: {'),
        error.message,
      );
      assert.deepEqual(error.details, Object.fromEntries([fact]));
      assert.equal((await bed.rebased({ force: true })).platform.os, base.platform.os);
      assert.ok(warnings(bed.ctx).some((text) => text.startsWith('unable to satisfy target')));
    });

  it('variants must be equal unless one side has none (Z-09)', async (t) => {
    const app = appImageOf('linux/arm/v7', { runImage: KNOWN });
    const other = await setUp(t, app, { [RUN]: runImageOf('linux/arm/v6') });
    assert.deepEqual((await rejectionOf(other.run())).details, { variant: 'v7 before, v6' });
    const silent = await setUp(t, app, { [RUN]: runImageOf('linux/arm') });
    assert.equal((await silent.run()).platforms[0]?.platform, 'linux/arm');
  });

  it('rebasable=false is refused, force warns; true, empty and old apps pass (Z-06)', async (t) => {
    const marked = (value: string, more: AppSpec = {}): AssembledImage =>
      appImageOf('linux/amd64', {
        runImage: KNOWN,
        ...more,
        labels: { 'io.buildpacks.rebasable': value, ...more.labels },
      });
    const bed = await setUp(t, marked('false'), { [RUN]: NEW_RUN });
    assert.equal((await rejectionOf(bed.run())).message, 'app image is not marked as rebasable');
    await bed.run({ force: true });
    assert.ok(warnings(bed.ctx).includes('app image is not marked as rebasable'));
    const stack = { 'io.buildpacks.stack.id': 'same' };
    const old = marked('false', { api: '0.11', labels: stack });
    const run = runImageOf('linux/amd64', { layers: ['base 2'], labels: stack });
    for (const app of [marked('true'), marked(''), old]) await (await setUp(t, app, { [RUN]: run })).run();
  });
});

describe('rebase: stacks of apps before Platform API 0.12', () => {
  const ID = 'io.buildpacks.stack.id';
  const MIXINS = 'io.buildpacks.stack.mixins';
  for (const [what, before, after, says] of [
    ['no id on the app', {}, { [ID]: 'a' }, 'stack not defined on app image'],
    ['no id on the base', { [ID]: 'a' }, {}, 'stack not defined on new base image'],
    ['other ids', { [ID]: 'a' }, { [ID]: 'b' }, "incompatible stack: 'b' is not compatible with 'a'"],
    [
      'missing mixins',
      { [ID]: 'a', [MIXINS]: '["run:git","curl","zip"]' },
      { [ID]: 'a', [MIXINS]: '["build:git"]' },
      'missing required mixin(s): curl, zip',
    ],
    ['a label that is no list', { [ID]: 'a', [MIXINS]: 'git' }, { [ID]: 'a' }, /is no list of names: git/],
  ] as const)
    it(`${what}: refused, force or not (Z-07, Z-08)`, async (t) => {
      for (const api of ['', '0.11']) {
        const app = appImageOf('linux/amd64', { runImage: KNOWN, api, labels: before });
        const bed = await setUp(t, app, { [RUN]: runImageOf('linux/amd64', { labels: after }) });
        const error = await rejectionOf(bed.run({ force: true }));
        assert.equal(error.exit, 72);
        if (typeof says === 'string') assert.equal(error.message, says);
        else assert.match(error.message, says);
      }
    });

  it('mixins beyond those of the app, and stage prefixes, do no harm (Z-08)', async (t) => {
    const app = appImageOf('linux/amd64', {
      runImage: KNOWN,
      api: '',
      labels: { [ID]: 'a', [MIXINS]: '["build:git"]' },
    });
    const labels = { [ID]: 'a', [MIXINS]: '["git","run:more"]' };
    const bed = await setUp(t, app, { [RUN]: runImageOf('linux/s390x', { labels }) });
    assert.equal((await bed.run()).platforms[0]?.platform, 'linux/s390x');
  });
});

describe('rebase: the shell launcher', () => {
  const shell: AppSpec = { runImage: KNOWN, labels: { 'io.slipway.launcher.kind': 'sh' } };

  it('needs /bin/sh in the new base: refused without it, force warns', async (t) => {
    const bed = await setUp(t, appImageOf('linux/amd64', shell), { [RUN]: NEW_RUN });
    const error = await rejectionOf(bed.run());
    assert.equal(error.code, 'REBASE_REFUSED');
    assert.match(error.message, /the new base has no \/bin\/sh/);
    await bed.run({ force: true });
    assert.ok(warnings(bed.ctx).includes(error.message));
  });

  it('is content with a base that has it, and other launchers do not ask', async (t) => {
    const withShell = runImageOf('linux/amd64', { files: ['bin/sh'] });
    await (await setUp(t, appImageOf('linux/amd64', shell), { [RUN]: withShell })).run();
    await (await setUp(t, appImageOf('linux/amd64', { runImage: KNOWN }), { [RUN]: NEW_RUN })).run();
  });
});

describe('rebase of an index', () => {
  const PLATFORMS = ['linux/amd64', 'linux/arm64/v8'] as const;

  it('rebases every platform onto the run image’s manifest for it, and leaves attestations out (Z-18)', async (t) => {
    const apps = PLATFORMS.map((platform) => appImageOf(platform, { runImage: KNOWN }));
    const runs = PLATFORMS.map((platform) => runImageOf(platform, { layers: ['base 1', `base of ${platform}`] }));
    const attestation = {
      ...indexOf([]).descriptor,
      platform: { os: 'unknown', architecture: 'unknown' },
    };
    const store = new MemoryStore();
    const ctx = testContext(t);
    await push(store, RUN, runs, ctx, [indexOf(runs.map(entryOf))]);
    await push(store, APP, apps, ctx, [indexOf([]), indexOf([...apps.map(entryOf), attestation])]);
    const bed = bedOf(store, ctx);
    const output = await bed.run();
    assert.deepEqual(
      output.platforms.map((each) => each.platform),
      ['linux/amd64', 'linux/arm64/v8'],
    );
    const index = decodeManifest(await store.repository('registry.example/acme/shop').resolve('1', ctx), 'index');
    assert.ok(index.kind === 'index');
    assert.equal(index.manifests.length, 2);
    for (const platform of PLATFORMS) {
      const { config } = await bed.image(platform);
      assert.equal(config.diffIds[1], layerOf(`base of ${platform}`).diffId);
    }
    assert.ok(ctx.events.some((event) => event.type === 'warning' && event.code === 'ATTESTATIONS_DROPPED'));
  });

  it('writes nothing when one platform is refused, and says which', async (t) => {
    const apps = [
      appImageOf('linux/amd64', { runImage: KNOWN }),
      appImageOf('linux/arm64', { runImage: KNOWN, labels: { 'io.buildpacks.rebasable': 'false' } }),
    ];
    const runs = ['linux/amd64', 'linux/arm64'].map((platform) => runImageOf(platform, { layers: ['base 2'] }));
    const store = new MemoryStore();
    const ctx = testContext(t);
    await push(store, RUN, runs, ctx, [indexOf(runs.map(entryOf))]);
    const before = indexOf(apps.map(entryOf));
    await push(store, APP, apps, ctx, [before]);
    const error = await rejectionOf(bedOf(store, ctx).run());
    assert.deepEqual(error.details, { platform: 'linux/arm64' });
    const after = await store.repository('registry.example/acme/shop').resolve('1', ctx);
    assert.equal(after.descriptor.digest, before.descriptor.digest);
  });
});

interface Asked {
  readonly runImage?: string;
  readonly isDryRun?: boolean;
}

interface Bed {
  readonly ctx: TestContextOf;
  readonly run: (rules?: Partial<RebaseRules>, asked?: Asked) => Promise<RebaseOutput>;
  readonly image: (platform?: string) => Promise<Image>;
  /** `run`, then the image that is there. */
  readonly rebased: (rules?: Partial<RebaseRules>, asked?: Asked) => Promise<Image>;
}

async function setUp(
  t: TestContext,
  app: AssembledImage,
  runs: Readonly<Record<string, AssembledImage>>,
): Promise<Bed> {
  const store = new MemoryStore();
  const ctx = testContext(t);
  for (const [name, image] of Object.entries(runs)) await push(store, name, [image], ctx);
  await push(store, APP, [app], ctx);
  return bedOf(store, ctx);
}

function bedOf(store: MemoryStore, ctx: TestContextOf): Bed {
  const images = imagesOf(store);
  const run: Bed['run'] = async (rules = {}, asked = {}) => {
    const location = parseLocation(APP);
    const app = await findApp(location, images, ctx);
    const { runImage, isDryRun = false } = asked;
    const named = runImage === undefined ? undefined : { location: parseLocation(runImage), name: runImage };
    const bases = await Promise.all(
      app.entries.map(({ image }) =>
        findBase({ app: image, candidates: baseCandidates(image, named), near: location }, images, ctx),
      ),
    );
    const fixed = { features: platformFeatures('0.15'), force: false, isStrict: false, sourceDateEpoch: undefined };
    const sink = { location, sink: store.openSink('registry.example/acme/shop', '1'), names: [undefined] };
    const output = await rebase({ ...fixed, ...rules, app, bases }, { sinks: isDryRun ? undefined : [sink] }, ctx);
    assert.deepEqual(
      output.outputs.map(({ error }) => error),
      isDryRun ? [] : [undefined],
    );
    return output;
  };
  const image: Bed['image'] = (platform = 'linux/amd64') => {
    const [os = '', architecture = '', variant] = platform.split('/');
    const target = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    return images.find(parseLocation(APP), 'app image', ctx, platform === 'linux/amd64' ? {} : { target });
  };
  return {
    ctx,
    run,
    image,
    rebased: async (rules, asked) => {
      await run(rules, asked);
      return image();
    },
  };
}

function imagesOf(store: MemoryStore): RebaseImages {
  const openSource: RebaseImages['openSource'] = (location) =>
    Promise.resolve(store.repository(repositoryOf(location)));
  return {
    openSource,
    find: async (location, role, ctx, options) =>
      selectImage(await openSource(location, ctx), location, ctx, { ...options, role, hostArchitecture: 'amd64' }),
    checkRead: () => Promise.resolve(),
    checkWrite: () => Promise.resolve(),
    sameRegistry: (a, b) => displayLocation(a).split('/')[0] === displayLocation(b).split('/')[0],
  };
}

async function push(
  store: MemoryStore,
  name: string,
  ...[images, ctx, top = []]: readonly [readonly AssembledImage[], TestContextOf, (readonly RawManifest[])?]
): Promise<void> {
  const location = parseLocation(name);
  if (location.kind !== 'registry') throw new SlipwayError('INTERNAL', name);
  const sink = store.openSink(repositoryOf(location), location.reference.tag ?? 'latest');
  await fill(sink, images, ctx, top);
  await sink.commit(ctx);
}

function repositoryOf(location: Location): string {
  if (location.kind !== 'registry') throw new SlipwayError('INTERNAL', displayLocation(location));
  return `${location.reference.registry}/${location.reference.repository}`;
}

function warnings(ctx: TestContextOf): readonly string[] {
  return ctx.events.flatMap((event) => (event.type === 'log' && event.level === 'warn' ? [event.message] : []));
}

/** The names in the label's `runImage`. */
function recordOf(labels: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const runImage = memberOf(JSON.parse(labels[LIFECYCLE_METADATA_LABEL] ?? ''), 'runImage');
  const names = ['image', 'mirrors'].map((key) => [key, memberOf(runImage, key)] as const);
  return Object.fromEntries(names.filter(([, value]) => value !== undefined));
}

function memberOf(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}
