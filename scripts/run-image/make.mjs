// Makes base images for demos and tests, as an OCI layout: `node scripts/run-image/make.mjs DIR` writes DIR:run and, for builders, DIR:build.
// They are made of the shell, the Node and the npm of this machine: nothing is downloaded, and the same machine gives the same digests.
// With --debian a Debian root file system lies below instead (debian-root.mjs). They hold this machine's binaries: they are not meant to
// be published.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, ROOT } from '../bootstrap.mjs';
import { npmConfig } from '../demo/npm-settings.mjs';
import { baseContents, distribution, nodeArchitecture, nodeContents, npmContents } from './contents.mjs';
import { makeDebianRoot } from './debian-root.mjs';
import { tarLayer } from './tar-layer.mjs';

const CREATED = '1980-01-01T00:00:01Z';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Change it when the way in which the images are made changes. */
const RECIPE = 'base images recipe 2';

/**
 * `{run, build, isNew}` in the layout `directory`, each as `{location, digest}`; made anew only when a file that is in them has changed.
 * `slipway` is the library, `ctx` a context of it. `debian`: what `makeDebianRoot` gave.
 */
export async function makeBaseImages(directory, slipway, ctx, { debian } = {}) {
  const parts = {
    base: debian ?? { files: baseContents(), createdBy: 'shell and tools of the machine' },
    node: { files: nodeContents(), createdBy: `Node ${process.version} of the machine` },
    npm: { files: npmContents(npmConfig()), createdBy: 'npm of the machine' },
  };
  const key = inputKey(Object.values(parts));
  const isNew = !isMadeFrom(directory, key);
  if (isNew) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(dirname(directory), { recursive: true });
    await write(directory, parts, slipway, ctx);
    writeFileSync(join(directory, 'made-from.txt'), `${key}\n`);
  }
  const entries = await slipway.openLayout(directory).list(ctx);
  const named = (name) => ({
    location: `oci:${directory}:${name}`,
    digest: entries.find((entry) => entry.name === name)?.descriptor.digest,
  });
  return { run: named('run'), build: named('build'), isNew };
}

async function write(directory, parts, slipway, ctx) {
  const sink = await slipway.openLayoutSink(directory, 'run', ctx);
  try {
    const [base, node, npm] = [
      await layerOf(parts.base, sink, slipway, ctx),
      await layerOf(parts.node, sink, slipway, ctx),
      await layerOf(parts.npm, sink, slipway, ctx),
    ];
    await put('run', [base, node], { sink, slipway }, ctx);
    await put('build', [base, node, npm], { sink, slipway }, ctx);
    await sink.commit(ctx);
  } finally {
    await sink[Symbol.asyncDispose]();
  }
}

async function layerOf({ files, tar, createdBy }, sink, slipway, ctx) {
  if (tar !== undefined) return { ...(await tarLayer(tar, slipway)), createdBy };
  const source = { kind: 'entries', entries: files.entries() };
  const options = { compressions: [slipway.DEFAULT_COMPRESSION], family: 'oci' };
  const { layers } = await slipway.packLayer(source, sink.staging, ctx, options);
  return { ...layers[0], createdBy };
}

async function put(name, layers, { sink, slipway }, ctx) {
  const config = configBlob(imageConfig(name, layers), slipway);
  const manifest = slipway.encodeManifest({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    annotations: {},
  });
  const platform = { os: 'linux', architecture: nodeArchitecture() };
  await slipway.putImage({ layers, config, manifest, platform }, sink, ctx, { names: [name] });
}

function configBlob(config, slipway) {
  const bytes = Buffer.from(JSON.stringify(config));
  return {
    descriptor: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: slipway.digestOf(bytes),
      size: bytes.byteLength,
    },
    open: async function* () {
      yield bytes;
    },
  };
}

function imageConfig(name, layers) {
  const { name: distro, version } = distribution();
  return {
    architecture: nodeArchitecture(),
    created: CREATED,
    history: layers.map(({ createdBy }) => ({ created: CREATED, created_by: createdBy })),
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    config: {
      Env: [`PATH=${PATH}`, ...(name === 'build' ? ['CNB_USER_ID=1000', 'CNB_GROUP_ID=1000'] : [])],
      Labels: {
        'io.buildpacks.base.distro.name': distro,
        'io.buildpacks.base.distro.version': version,
        'org.opencontainers.image.description': 'binaries of the machine it was made on, for a demo: do not publish it',
        'org.opencontainers.image.title': `slipway demo ${name} image`,
      },
      User: '1000:1000',
      WorkingDir: '/',
    },
  };
}

/** A hash over path, size and time of every file that goes in. */
function inputKey(parts) {
  const hash = createHash('sha256').update(`${RECIPE} zlib ${process.versions.zlib}\n`);
  for (const { files, key } of parts) hash.update(key ?? files.inputs().join('\n')).update('\0');
  return hash.digest('hex');
}

function isMadeFrom(directory, key) {
  const file = join(directory, 'made-from.txt');
  return existsSync(file) && readFileSync(file, 'utf8').trim() === key;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [directory, ...flags] = process.argv.slice(2);
  if (directory === undefined || flags.some((flag) => flag !== '--debian')) {
    console.error('usage: node scripts/run-image/make.mjs DIR [--debian]');
    process.exit(2);
  }
  await ensureDependencies();
  if (!existsSync(join(ROOT, 'dist/index.js'))) await (await import('../build.mjs')).build();
  const slipway = await import('../../dist/index.js');
  const debian = flags.length === 0 ? undefined : await makeDebianRoot(join(ROOT, '.build', 'debian'));
  await slipway.withContext({}, async (ctx) => {
    const { run, build, isNew } = await makeBaseImages(directory, slipway, ctx, { debian });
    for (const { location, digest } of [run, build]) console.log(`${location} ${digest}${isNew ? '' : ' (unchanged)'}`);
  });
}
