import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../src/core/context.ts';
import { streamOf } from '../../src/core/bytes.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import type { LayerEntry } from '../../src/layer/layer-source.ts';
import { packLayer } from '../../src/layer/pack.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { encodeIndex, encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Platform } from '../../src/oci/platform.ts';
import type { Blob } from '../../src/ports/blob.ts';
import type { ImageSink } from '../../src/ports/store.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';

export interface BaseOptions {
  readonly entries?: readonly LayerEntry[];
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** An image with a config and no layers. */
  readonly withoutLayers?: boolean;
  /** Leaves `platform` out of the descriptor in the index. */
  readonly silentDescriptor?: boolean;
}

const ROOT_OWNED = { uid: 0, gid: 0 };

/** A directory with os-release: enough to be a base. */
function plainEntries(text: string): readonly LayerEntry[] {
  return [
    { kind: 'directory', path: '/etc', mode: 0o755, ...ROOT_OWNED },
    {
      kind: 'file',
      path: '/etc/os-release',
      mode: 0o644,
      ...ROOT_OWNED,
      bytes: Buffer.from(`ID=test\nVERSION_ID=1\n# ${text}\n`),
    },
  ];
}

/** A root with busybox as its shell and tools: a base in which a process can run. */
export function busyboxEntries(busybox = '/bin/busybox'): readonly LayerEntry[] {
  const links = ['sh', 'cat', 'echo', 'env', 'ls', 'sleep', 'xargs', 'id', 'pwd'];
  return [
    ...plainEntries('busybox'),
    ...['/bin', '/usr', '/usr/bin', '/proc', '/dev', '/sys', '/home', '/home/cnb'].map((path): LayerEntry => ({
      kind: 'directory',
      path,
      mode: 0o755,
      ...ROOT_OWNED,
    })),
    { kind: 'directory', path: '/tmp', mode: 0o1777, ...ROOT_OWNED },
    {
      kind: 'file',
      path: '/etc/passwd',
      mode: 0o644,
      ...ROOT_OWNED,
      bytes: Buffer.from('root:x:0:0::/:/bin/sh\ncnb:x:1000:1000::/home/cnb:/bin/sh\n'),
    },
    { kind: 'file', path: '/bin/busybox', mode: 0o755, ...ROOT_OWNED, bytes: readFileSync(busybox) },
    ...links.map((name): LayerEntry => ({
      kind: 'symlink',
      path: `/bin/${name}`,
      target: 'busybox',
      mode: 0o777,
      ...ROOT_OWNED,
    })),
    { kind: 'symlink', path: '/usr/bin/env', target: '../../bin/busybox', mode: 0o777, ...ROOT_OWNED },
  ];
}

/** Writes a single-platform image's blobs and manifest into a sink, without naming it; returns its descriptor with platform. */
export async function putBase(
  sink: ImageSink,
  platform: Platform,
  ctx: Context,
  options: BaseOptions = {},
): Promise<Descriptor> {
  const staging = new BlobDirectory(join(ctx.tmp, 'base-layers'), { isTransient: true });
  const layers =
    options.withoutLayers === true
      ? []
      : [
          await packLayer(
            { kind: 'entries', entries: options.entries ?? plainEntries(platform.architecture) },
            staging,
            ctx,
            { compressions: [DEFAULT_COMPRESSION], family: 'oci' },
          ),
        ];
  const configBytes = Buffer.from(
    JSON.stringify({
      architecture: platform.architecture,
      os: platform.os,
      ...(platform.variant === undefined ? {} : { variant: platform.variant }),
      config: {
        Env: options.env ?? ['PATH=/usr/bin:/bin'],
        User: '1000:1000',
        Labels: {
          'io.buildpacks.base.distro.name': 'test',
          'io.buildpacks.base.distro.version': '1',
          ...options.labels,
        },
      },
      rootfs: { type: 'layers', diff_ids: layers.map((packed) => packed.layers[0].diffId) },
      history: layers.map(() => ({ created: '2020-01-01T00:00:00Z', created_by: 'test base' })),
    }),
  );
  const config: Blob = {
    descriptor: { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.byteLength },
    open: () => streamOf(configBytes),
  };
  for (const packed of layers) await sink.put(packed.layers[0], ctx);
  await sink.put(config, ctx);
  const manifest = encodeManifest({
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: layers.map((packed) => packed.layers[0].descriptor),
    annotations: {},
  });
  await sink.putManifest(manifest, ctx);
  return options.silentDescriptor === true ? manifest.descriptor : { ...manifest.descriptor, platform };
}

/** An index over descriptors, staged in the sink. */
export async function putIndex(sink: ImageSink, manifests: readonly Descriptor[], ctx: Context): Promise<RawManifest> {
  const index = encodeIndex({ mediaType: OCI_INDEX, manifests, annotations: {} });
  await sink.putManifest(index, ctx);
  return index;
}

/** A manifest as build tools attach it: platform unknown/unknown, an annotation that names its subject. */
export function attestationOf(subject: Descriptor): {
  readonly manifest: RawManifest;
  readonly config: Blob;
  readonly descriptor: Descriptor;
} {
  const bytes = Buffer.from('{"architecture":"unknown","os":"unknown","rootfs":{"type":"layers","diff_ids":[]}}');
  const config: Blob = {
    descriptor: { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.byteLength },
    open: () => streamOf(bytes),
  };
  const manifest = encodeManifest({ mediaType: OCI_MANIFEST, config: config.descriptor, layers: [], annotations: {} });
  const annotations = {
    'vnd.docker.reference.digest': subject.digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  };
  return {
    manifest,
    config,
    descriptor: { ...manifest.descriptor, platform: { os: 'unknown', architecture: 'unknown' }, annotations },
  };
}
