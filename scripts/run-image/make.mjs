// Makes a run image for demos and tests, as an OCI layout, from the shell and the Node of this machine: nothing is downloaded, and the
// same machine gives the same digest. `node scripts/run-image/make.mjs DIR` writes DIR:run. It holds this machine's binaries: it is not
// meant to be published.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, ROOT } from '../bootstrap.mjs';
import { baseContents, distribution, nodeArchitecture, nodeContents } from './contents.mjs';

const NAME = 'run';
const CREATED = '1980-01-01T00:00:01Z';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Change it when the way in which the image is made changes. */
const RECIPE = 'run image recipe 1';

/**
 * `{location, digest, isNew}` of the run image in the layout `directory`; made anew only when a file that is in it has changed. `slipway`
 * is the library, `ctx` a context of it.
 */
export async function makeRunImage(directory, slipway, ctx) {
  const layers = [
    { files: baseContents(), createdBy: 'shell and tools of the machine' },
    { files: nodeContents(), createdBy: `Node ${process.version} of the machine` },
  ];
  const key = inputKey(layers);
  const location = `oci:${directory}:${NAME}`;
  const known = await knownImage(directory, key, slipway, ctx);
  if (known !== undefined) return { location, digest: known, isNew: false };
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(dirname(directory), { recursive: true });
  const digest = await write(directory, layers, slipway, ctx);
  writeFileSync(join(directory, 'made-from.txt'), `${key}\n`);
  return { location, digest, isNew: true };
}

async function write(directory, layers, slipway, ctx) {
  const sink = await slipway.openLayoutSink(directory, NAME, ctx);
  try {
    const options = { compression: slipway.DEFAULT_COMPRESSION, family: 'oci' };
    const packed = [];
    for (const { files } of layers) {
      const source = { kind: 'entries', entries: files.entries() };
      packed.push((await slipway.packLayer(source, sink.staging, ctx, options)).layer);
    }
    const config = configBlob(imageConfig(packed, layers), slipway);
    const manifest = slipway.encodeManifest({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: config.descriptor,
      layers: packed.map((layer) => layer.descriptor),
      annotations: {},
    });
    const platform = { os: 'linux', architecture: nodeArchitecture() };
    await slipway.putImage({ layers: packed, config, manifest, platform }, sink, ctx);
    await sink.commit(ctx);
    return manifest.descriptor.digest;
  } finally {
    await sink[Symbol.asyncDispose]();
  }
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

function imageConfig(packed, layers) {
  const { name, version } = distribution();
  return {
    architecture: nodeArchitecture(),
    created: CREATED,
    history: layers.map(({ createdBy }) => ({ created: CREATED, created_by: createdBy })),
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: packed.map((layer) => layer.diffId) },
    config: {
      Env: [`PATH=${PATH}`],
      Labels: {
        'io.buildpacks.base.distro.name': name,
        'io.buildpacks.base.distro.version': version,
        'org.opencontainers.image.description': 'binaries of the machine it was made on, for a demo: do not publish it',
        'org.opencontainers.image.title': 'slipway demo run image',
      },
      User: '1000:1000',
      WorkingDir: '/',
    },
  };
}

/** A hash over path, size and time of every file that goes in. */
function inputKey(layers) {
  const hash = createHash('sha256').update(`${RECIPE} zlib ${process.versions.zlib}\n`);
  for (const { files } of layers) hash.update(files.inputs().join('\n')).update('\0');
  return hash.digest('hex');
}

async function knownImage(directory, key, slipway, ctx) {
  const file = join(directory, 'made-from.txt');
  if (!existsSync(file) || readFileSync(file, 'utf8').trim() !== key) return undefined;
  const [entry] = await slipway.openLayout(directory).list(ctx);
  return entry?.descriptor.digest;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [directory] = process.argv.slice(2);
  if (directory === undefined) {
    console.error('usage: node scripts/run-image/make.mjs DIR');
    process.exit(2);
  }
  await ensureDependencies();
  if (!existsSync(join(ROOT, 'dist/index.js'))) await (await import('../build.mjs')).build();
  const slipway = await import('../../dist/index.js');
  await slipway.withContext({}, async (ctx) => {
    const { location, digest, isNew } = await makeRunImage(directory, slipway, ctx);
    console.log(`${location} ${digest}${isNew ? '' : ' (unchanged)'}`);
  });
}
