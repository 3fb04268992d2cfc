import type { Location } from '../../oci/location.ts';
import type { Analyzed, AnalyzedRunImage, TargetMetadata } from '../analyzed.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { lifecycleMetadataDocument } from './lifecycle-metadata-document.ts';
import { readLifecycleMetadata, TOML_NAMES } from './lifecycle-metadata.ts';
import { encodeToml, struct, type TomlDocument } from './toml-write.ts';

/** analyzed.toml (contract §5.5). `parse` makes a location of a reference; an empty reference is an absent image. */
export function decodeAnalyzed(bytes: Uint8Array | string, file: string, parse: (text: string) => Location): Analyzed {
  return decodeFile(bytes, file, (reader) => {
    const previousImage = readReference(reader.nested('image'), parse);
    const buildImage = readReference(reader.nested('build-image'), parse);
    const runImage = readRunImage(reader.nested('run-image'), parse);
    return {
      ...(previousImage === undefined ? {} : { previousImage }),
      ...(buildImage === undefined ? {} : { buildImage }),
      metadata: readLifecycleMetadata(reader.nested('metadata'), TOML_NAMES),
      ...(runImage === undefined ? {} : { runImage }),
    };
  });
}

export function encodeAnalyzed(analyzed: Analyzed, format: (location: Location) => string): string {
  const { previousImage, buildImage, runImage } = analyzed;
  return encodeToml(
    struct([
      ['image', struct([['reference', previousImage === undefined ? '' : format(previousImage)]])],
      ['build-image', buildImage === undefined ? undefined : struct([['reference', format(buildImage)]])],
      ['metadata', lifecycleMetadataDocument(analyzed.metadata)],
      ['run-image', runImage === undefined ? undefined : runImageDocument(runImage, format)],
    ]),
  );
}

function readReference(reader: TomlReader, parse: (text: string) => Location): Location | undefined {
  const reference = reader.fields.optionalString('reference') ?? '';
  return reference === '' ? undefined : parse(reference);
}

function readRunImage(reader: TomlReader, parse: (text: string) => Location): AnalyzedRunImage | undefined {
  const reference = readReference(reader, parse);
  if (reference === undefined) return undefined;
  const slipway = reader.nested('slipway').fields;
  const index = slipway.optionalString('index');
  return {
    reference,
    image: reader.fields.optionalString('image') ?? '',
    extend: reader.fields.boolean('extend'),
    ...(reader.fields.has('target') ? { target: readTarget(reader.nested('target')) } : {}),
    ...(reader.fields.has('slipway')
      ? {
          slipway: {
            requested: slipway.optionalString('requested') ?? '',
            ...(index === undefined ? {} : { index }),
            platform: slipway.optionalString('platform') ?? '',
          },
        }
      : {}),
  };
}

function readTarget(reader: TomlReader): TargetMetadata {
  const { fields } = reader;
  const id = fields.optionalString('id') ?? '';
  const archVariant = fields.optionalString('arch-variant') ?? fields.optionalString('variant') ?? '';
  const distro = reader.nested('distro').fields;
  return {
    ...(id === '' ? {} : { id }),
    os: fields.optionalString('os') ?? '',
    arch: fields.optionalString('arch') ?? '',
    ...(archVariant === '' ? {} : { archVariant }),
    ...(fields.has('distro')
      ? { distro: { name: distro.optionalString('name') ?? '', version: distro.optionalString('version') ?? '' } }
      : {}),
  };
}

function runImageDocument(runImage: AnalyzedRunImage, format: (location: Location) => string): TomlDocument {
  const { target, slipway } = runImage;
  return struct([
    ['reference', format(runImage.reference)],
    ['image', runImage.image === '' ? undefined : runImage.image],
    ['extend', runImage.extend ? true : undefined],
    ['target', target === undefined ? undefined : targetDocument(target)],
    [
      'slipway',
      slipway === undefined
        ? undefined
        : struct([
            ['requested', slipway.requested],
            ['index', slipway.index],
            ['platform', slipway.platform],
          ]),
    ],
  ]);
}

function targetDocument(target: TargetMetadata): TomlDocument {
  const { distro } = target;
  return struct([
    ['id', target.id],
    ['os', target.os],
    ['arch', target.arch],
    ['arch-variant', target.archVariant],
    [
      'distro',
      distro === undefined
        ? undefined
        : struct([
            ['name', distro.name],
            ['version', distro.version],
          ]),
    ],
  ]);
}
