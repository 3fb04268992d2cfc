import { closeSync, constants, openSync, readSync } from 'node:fs';
import { cacheMetadataJson } from '../../cnb/labels.ts';
import { openSearch, findForm } from '../../core/byte-search.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { SecretForm } from '../../core/secret-forms.ts';
import { showPath, toBuffer, fromBytes } from '../../layer/byte-path.ts';
import { layerEntries, type PackEntry } from '../../layer/layer-entries.ts';
import type { LayerSource } from '../../layer/layer-source.ts';
import { openTar } from '../../layer/open-tar.ts';
import { createPacer } from '../../layer/pacer.ts';
import { readError } from '../../layer/read-error.ts';
import { decodeImageConfig } from '../../oci/image-config.ts';
import type { Layer } from '../../ports/blob.ts';
import type { AssembledImage } from '../../store/copy.ts';
import { collect } from '../../core/bytes.ts';
import type { ExportInput, ExportPorts } from '../export.ts';
import { buildpackRecord } from './buildpack-layers.ts';
import { existingLayers, type ContentPlan } from './content.ts';
import { findWithoutContents } from './existing-layers.ts';
import type { LayerRequest } from './layer-request.ts';
import { LAYER_IDS } from './lifecycle-layers.ts';

const CHUNK_BYTES = 1 << 20;
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads all that the image and the cache are to be made of before anything is: every file of every layer, also of layers that turn out
 * to be there already, the bytes of layers that are taken from earlier builds, SBOM files, and what buildpacks say of their layers. The
 * run image's own layers are not read: no build made them. Throws `SECRET_IN_IMAGE` with layer and path. Costs nothing without secrets.
 */
export async function refuseSecrets(
  plan: ContentPlan,
  input: ExportInput,
  ports: ExportPorts,
  ctx: Context,
): Promise<void> {
  const { secretForms: forms = [], layers } = input;
  if (forms.length === 0) return;
  // What is left out with a warning is told when it is packed.
  const quiet = { ...ctx, emit: () => undefined };
  for (const request of [...plan.below, ...plan.app, ...plan.above])
    await readRequest(request, { forms, input, ports }, quiet);
  for (const { id, path, file, hasContents } of plan.directories.flatMap((directory) => directory.layers)) {
    if (file.types.cache && !file.types.launch && hasContents)
      await readSource(id, { kind: 'dir', place: layers, path }, forms, quiet);
  }
  if ((await pathKind(`${layers.real}/sbom`)) === 'directory')
    await readSource(
      LAYER_IDS.launchSbom,
      { kind: 'dir', place: layers, path: `${layers.logical}/sbom` },
      forms,
      quiet,
    );
  for (const directory of plan.directories) {
    const record = cacheMetadataJson({ sbom: '', buildpacks: [buildpackRecord(directory, () => '')] });
    const found = findForm(Buffer.from(record), forms);
    if (found !== undefined)
      throw refused(found, { layer: directory.buildpack.id, path: 'the metadata of its layers' });
  }
}

/** The same for the image's config: labels, environment, processes. */
export async function refuseSecretConfig(
  image: AssembledImage,
  { secretForms: forms = [] }: ExportInput,
): Promise<void> {
  if (forms.length === 0) return;
  const bytes = Buffer.from(await collect(image.config.open(), image.config.descriptor.size, 'the config'));
  const found = findForm(bytes, forms);
  if (found === undefined) return;
  const { labels, env } = decodeImageConfig(bytes, 'the config');
  const has = (text: string): boolean => findForm(Buffer.from(text), forms) !== undefined;
  const label = Object.keys(labels).find((name) => has(labels[name] ?? ''));
  const variable = env.find(has)?.split('=')[0];
  const where = label === undefined ? (variable === undefined ? 'config' : `variable ${variable}`) : `label ${label}`;
  throw refused(found, { layer: 'config', path: where });
}

interface Reading {
  readonly forms: readonly SecretForm[];
  readonly input: ExportInput;
  readonly ports: ExportPorts;
}

async function readRequest({ id, from }: LayerRequest, { forms, input, ports }: Reading, ctx: Context): Promise<void> {
  if (from.kind === 'make') return readSource(id, from.source, forms, ctx);
  const layer = await findWithoutContents(id, from.sha, existingLayers(input, ports), ctx);
  await readLayer(id, layer, forms, ctx);
}

async function readLayer(id: string, layer: Layer, forms: readonly SecretForm[], ctx: Context): Promise<void> {
  const search = openSearch(forms);
  for await (const chunk of openTar(layer, ctx)) {
    const found = search.push(chunk);
    if (found !== undefined) throw refused(found, { layer: id, path: 'a file of an earlier build' });
  }
}

async function readSource(id: string, source: LayerSource, forms: readonly SecretForm[], ctx: Context): Promise<void> {
  const pacer = createPacer(ctx);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (const entry of layerEntries(source, ctx)) {
    const found = await readEntry(entry, { forms, buffer, pause: () => pacer.pause() });
    if (found !== undefined) throw refused(found, { layer: id, path: showPath(fromBytes(entry.header.name)) });
    await pacer.pause();
  }
}

interface EntryReading {
  readonly forms: readonly SecretForm[];
  readonly buffer: Buffer;
  readonly pause: () => Promise<void>;
}

async function readEntry(
  { header, body }: PackEntry,
  { forms, buffer, pause }: EntryReading,
): Promise<string | undefined> {
  const inHeader = findForm(Buffer.from(header.name), forms) ?? findForm(Buffer.from(header.linkname), forms);
  if (inHeader !== undefined || body === 'none') return inHeader;
  if (body instanceof Uint8Array) return findForm(Buffer.from(body), forms);
  const search = openSearch(forms);
  let file: number | undefined;
  try {
    file = openSync(toBuffer(body.path), OPEN_FLAGS);
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, null);
      if (count === 0) return undefined;
      const found = search.push(buffer.subarray(0, count));
      if (found !== undefined) return found;
      await pause();
    }
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? readError(body.path, error) : error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function refused(secret: string, { layer, path }: { readonly layer: string; readonly path: string }): SlipwayError {
  return new SlipwayError('SECRET_IN_IMAGE', `the secret "${secret}" is in what the build made: ${path}`, {
    details: { layer, path },
    hint: 'no image and no cache was written; let the buildpack leave it out, or give it to the app when it runs',
  });
}
