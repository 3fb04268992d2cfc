// What an output holds, read back through the library: the image, whether it is sound, and its files as a root directory.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The image in the layout; its layers carry the histories' texts. */
export async function readImage(paths, slipway, ctx) {
  const location = slipway.parseLocation(`oci:${paths.layout}`);
  const hostArchitecture = slipway.architectureOf(process.arch);
  const image = await slipway.selectImage(slipway.openLayout(paths.layout), location, ctx, {
    role: 'image',
    hostArchitecture,
  });
  const histories = image.config.history.filter((entry) => entry.emptyLayer !== true);
  const layers = image.layers.map((layer, index) => ({
    digest: layer.descriptor.digest,
    size: layer.descriptor.size,
    createdBy: histories[index]?.createdBy ?? '',
  }));
  return { image, layers };
}

/** `{layout, archive}`: what is wrong with each output, as lines; empty when it is sound. `digests`: what each says it holds. */
export async function validateOutputs(paths, slipway, ctx) {
  const layout = slipway.openLayout(paths.layout);
  const archive = await slipway.openArchive(paths.archive, ctx);
  try {
    const lines = async (store) =>
      (await slipway.validateStore(store, ctx)).map(({ subject, problem }) => `${subject}: ${problem}`);
    const digestsOf = async (store) => (await store.list(ctx)).map((entry) => entry.descriptor.digest);
    return {
      layout: await lines(layout),
      archive: await lines(archive),
      digests: [...(await digestsOf(layout)), ...(await digestsOf(archive))],
    };
  } finally {
    await archive[Symbol.asyncDispose]();
  }
}

/** Unpacks the image's layers into a new root directory. */
export async function unpack(image, paths, slipway, ctx) {
  const root = join(paths.roots, image.manifestDigest.slice('sha256:'.length, 'sha256:'.length + 12));
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const owner = { uid: 1000, gid: 1000 };
  const places = [{ logical: '/', real: root, owner, parents: [] }];
  for (const layer of image.layers) await slipway.extractLayer(layer, ctx, { places });
  return root;
}

/** How a runtime starts the image, with `argv` in place of its entrypoint. */
export function containerOf(image, facts, argv) {
  const env = Object.fromEntries(
    image.config.env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
  return { ...facts, argv: argv ?? image.config.entrypoint, env, cwd: image.config.workingDir };
}
