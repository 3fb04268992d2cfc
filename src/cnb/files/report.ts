import { bomDocument, type OwnedBomEntry } from '../bom.ts';
import { encodeToml, orNone, struct, type TomlDocument } from './toml-write.ts';

/** One `[[image.outputs]]` (design §1.2). */
interface ReportOutput {
  readonly location: string;
  readonly digest?: string;
  /** Bytes of the manifest. */
  readonly manifestSize?: number;
  readonly mediaType?: string;
  /** Why the commit failed, when it did. */
  readonly error?: string;
}

/** report.toml (contract §5.8, design §1.2). */
export interface Report {
  /** Platform API < 0.9: the legacy bill of materials of the build. */
  readonly buildBom?: readonly OwnedBomEntry[];
  /** Names that were saved. */
  readonly tags: readonly string[];
  readonly imageId?: string;
  readonly digest?: string;
  /** Bytes; 0 or absent is left out. */
  readonly manifestSize?: number;
  readonly outputs?: readonly ReportOutput[];
  /** `[image.slipway]`: choices that were made, for example `launcher = "shell"`. */
  readonly slipway?: Readonly<Record<string, string>>;
}

export function encodeReport(report: Report): string {
  const { slipway = {} } = report;
  const image: TomlDocument = struct([
    ['tags', orNone(report.tags)],
    ['image-id', textOf(report.imageId)],
    ['digest', textOf(report.digest)],
    ['manifest-size', sizeOf(report.manifestSize)],
    [
      'outputs',
      report.outputs === undefined || report.outputs.length === 0 ? undefined : report.outputs.map(outputDocument),
    ],
    ['slipway', Object.keys(slipway).length === 0 ? undefined : slipway],
  ]);
  const { buildBom = [] } = report;
  const build = buildBom.length === 0 ? undefined : struct([['bom', bomDocument(buildBom)]]);
  return encodeToml(
    struct([
      ['build', build],
      ['image', image],
    ]),
  );
}

function outputDocument(output: ReportOutput): TomlDocument {
  return struct([
    ['location', output.location],
    ['digest', textOf(output.digest)],
    ['manifest-size', sizeOf(output.manifestSize)],
    ['media-type', textOf(output.mediaType)],
    ['error', textOf(output.error)],
  ]);
}

function textOf(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function sizeOf(bytes: number | undefined): bigint | undefined {
  return bytes === undefined || bytes === 0 ? undefined : BigInt(bytes);
}
