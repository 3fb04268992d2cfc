import { SlipwayError } from '../core/errors.ts';
import type { Report } from '../cnb/files/report.ts';
import type { ChosenLauncher } from '../launcher/choose.ts';
import { hexOf } from '../oci/digest.ts';
import { displayLocation } from '../oci/location.ts';
import type { ExportOutput } from '../phases/export.ts';
import { READER_GONE } from '../ports/standard-streams.ts';

/**
 * report.toml of an export: the first location's names and digest, every output, and the choice of launcher (design §1.2). An image
 * that is to be loaded into an engine has the id that it gets there.
 */
export function exportReport(
  output: ExportOutput,
  launcher: (Pick<ChosenLauncher, 'reason'> & { readonly kind: string }) | undefined,
): Report {
  const saved = output.outputs.filter((each) => each.error === undefined);
  return {
    tags: saved.flatMap((each) => each.names),
    ...imageId(output),
    digest: output.digest,
    manifestSize: output.manifestSize,
    outputs: output.outputs.map((each) => ({
      location: displayLocation(each.location),
      digest: each.digest,
      manifestSize: each.manifestSize,
      mediaType: each.mediaType,
      ...(each.error === undefined ? {} : { error: each.error }),
    })),
    ...(launcher === undefined ? {} : { slipway: { launcher: launcher.kind, 'launcher-reason': launcher.reason } }),
  };
}

/**
 * Throws `OUTPUT_FAILED` when an output was not written: after the report, which says which were. Exit 62, or 141 when the first
 * failure was that the reader of standard output went away.
 */
export function throwFailedOutputs(output: ExportOutput): void {
  const failed = output.outputs.filter((each) => each.error !== undefined);
  const [first] = failed;
  if (first === undefined) return;
  const list = failed.map((each) => `[${each.names.join(' ')}: ${each.error ?? ''}]`).join(',');
  const saved = output.outputs.filter((each) => each.error === undefined).flatMap((each) => each.names);
  const { hint, exit } = first.cause instanceof SlipwayError ? first.cause : {};
  throw new SlipwayError('OUTPUT_FAILED', `failed to write image to the following tags: ${list}`, {
    details: {
      ...(first.cause instanceof SlipwayError ? first.cause.details : {}),
      written: saved.length === 0 ? 'nothing' : saved.join(', '),
    },
    cause: first.cause,
    ...(exit === READER_GONE ? { exit } : {}),
    ...(hint === undefined ? {} : { hint: hint.kind === 'text' ? hint.text : hint }),
  });
}

function imageId({ configDigest, outputs }: ExportOutput): Pick<Report, 'imageId'> {
  if (configDigest === undefined || outputs[0]?.location.kind !== 'docker-archive') return {};
  return { imageId: hexOf(configDigest) };
}
