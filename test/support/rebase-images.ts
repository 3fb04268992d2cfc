import { gzipSync } from 'node:zlib';
import { LIFECYCLE_METADATA_LABEL } from '../../src/cnb/labels.ts';
import { digestOf, parseDiffId } from '../../src/oci/digest.ts';
import { encodeManifest } from '../../src/oci/manifest.ts';
import { configMediaType, layerMediaType, manifestMediaType, type MediaFamily } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import type { Layer } from '../../src/ports/blob.ts';
import type { AssembledImage } from '../../src/store/copy.ts';
import { blobOf, layerOf, tarOf } from './images.ts';

export interface RunImageSpec {
  /** One layer for each text. */
  readonly layers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly family?: MediaFamily;
  /** More keys of the config. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Files, each in a layer of its own on top. */
  readonly files?: readonly string[];
}

const DISTRO = { 'io.buildpacks.base.distro.name': 'test', 'io.buildpacks.base.distro.version': '1' } as const;

/** A base of small layers. */
export function runImageOf(platform: string, spec: RunImageSpec = {}): AssembledImage {
  const { layers = ['base 1'], family = 'oci' } = spec;
  const shell = (spec.files ?? []).map((path) => layerWith(path, family));
  return compose([...layers.map((text) => layerOf(text, family)), ...shell], platform, family, {
    config: { Env: ['PATH=/bin', 'BASE=run'], Labels: { ...DISTRO, ...spec.labels } },
    history: [...layers, ...shell].map((_, at) => ({
      created: '2020-01-01T00:00:00Z',
      created_by: `made ${String(at)}`,
    })),
    ...spec.config,
  });
}

export interface AppSpec {
  /** Texts of the base's layers, as of `runImageOf`. */
  readonly base?: readonly string[];
  readonly app?: readonly string[];
  /** The `runImage` of the label besides its top layer. */
  readonly runImage?: Readonly<Record<string, unknown>>;
  readonly stack?: Readonly<Record<string, unknown>>;
  /** In the place of the label's text. */
  readonly label?: string | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  /** CNB_PLATFORM_API of the image; default 0.15, '' for none. */
  readonly api?: string;
  readonly family?: MediaFamily;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The label's text, with members that only a verbatim copy keeps: a number beyond 2^53, keys out of order, an `app` of another type. */
export function labelOf(spec: AppSpec): string {
  const top = layerOf((spec.base ?? ['base 1']).at(-1) ?? '', spec.family).diffId;
  const runImage = JSON.stringify({ topLayer: top, reference: 'registry.example/run@sha256:0', ...spec.runImage });
  const shas = (spec.app ?? ['app 1', 'app 2']).map((text) => `{"sha":"${layerOf(text, spec.family).diffId}"}`);
  return `{"app":[${shas.join(',')}],"z":{"big":9007199254740993},"buildpacks":null,"runImage":${runImage},"stack":${JSON.stringify({ runImage: spec.stack ?? {} })}}`;
}

/** An app image as an export makes it: base layers, app layers, and the label. */
export function appImageOf(platform: string, spec: AppSpec = {}): AssembledImage {
  const { base = ['base 1'], app = ['app 1', 'app 2'], api = '0.15', family = 'oci' } = spec;
  const label = 'label' in spec ? spec.label : labelOf(spec);
  const layers = [...base, ...app].map((text) => layerOf(text, family));
  return compose(layers, platform, family, {
    author: 'somebody',
    config: {
      Env: ['PATH=/cnb/process:/bin', ...(api === '' ? [] : [`CNB_PLATFORM_API=${api}`])],
      Entrypoint: ['/cnb/process/web'],
      Labels: {
        ...DISTRO,
        'io.buildpacks.base.maintainer': 'old',
        ...(label === undefined ? {} : { [LIFECYCLE_METADATA_LABEL]: label }),
        ...spec.labels,
      },
    },
    history: [...base, ...app].map((text) => ({ created: '1980-01-01T00:00:01Z', created_by: `made ${text}` })),
    'x-kept': { by: 'rebase' },
    ...spec.config,
  });
}

/** A layer of one file. */
function layerWith(path: string, family: MediaFamily): Layer {
  const tar = tarOf({ [path]: Buffer.from('#!') });
  return { ...blobOf(gzipSync(tar), layerMediaType(family, 'gzip')), diffId: parseDiffId(digestOf(tar)), origins: [] };
}

function compose(layers: readonly Layer[], platformText: string, family: MediaFamily, fields: object): AssembledImage {
  const platform = parsePlatform(platformText);
  const { os, architecture, variant } = platform;
  const rootfs = { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) };
  const json = JSON.stringify({ architecture, os, variant, rootfs, ...fields });
  const config = blobOf(Buffer.from(json), configMediaType(family));
  const manifest = encodeManifest({
    mediaType: manifestMediaType(family),
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    annotations: {},
  });
  return { layers, config, manifest, platform };
}
