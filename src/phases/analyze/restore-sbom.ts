import { join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { extractLayer } from '../../layer/extract.ts';
import type { Place } from '../../layer/place.ts';
import { isDiffId } from '../../oci/digest.ts';
import type { Layer } from '../../ports/blob.ts';
import type { LayerStore } from '../../ports/layer-cache.ts';
import type { PreviousImage } from './find-previous-image.ts';

/**
 * Puts the SBOM files of the previous image back below `<layers>/sbom/launch` (contract §9.5). What cannot be had is a warning: the
 * buildpacks write their SBOMs again.
 */
export async function restoreSbom(
  previous: PreviousImage,
  layers: Place,
  launchCache: LayerStore | undefined,
  ctx: Context,
): Promise<void> {
  const { sbom } = previous.metadata;
  if (sbom === undefined || sbom === '') return;
  log(ctx, 'info', 'Restoring data for SBOM from previous image');
  log(ctx, 'debug', `Retrieving previous image SBOM layer for "${sbom}"`);
  try {
    const layer = await findLayer(previous, sbom, launchCache, ctx);
    if (layer === undefined) {
      log(ctx, 'warn', `Skipping restore of the SBOM: the previous image has no layer ${sbom}`);
      return;
    }
    const place = { ...layers, logical: `${layers.logical}/sbom/launch`, real: join(layers.real, 'sbom', 'launch') };
    await extractLayer(layer, ctx, { places: [place] });
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code === 'DISK_FULL' || error.code === 'WRITE_FAILED') throw error;
    if (ctx.signal.aborted) throw error;
    log(ctx, 'warn', `Skipping restore of the SBOM: ${error.message}`);
  }
}

async function findLayer(
  previous: PreviousImage,
  sbom: string,
  launchCache: LayerStore | undefined,
  ctx: Context,
): Promise<Layer | undefined> {
  const cached = isDiffId(sbom) ? await launchCache?.find(sbom, ctx) : undefined;
  return cached ?? previous.image.layers.find((layer) => layer.diffId === sbom);
}

function log(ctx: Context, level: 'debug' | 'info' | 'warn', message: string): void {
  ctx.emit({ type: 'log', level, message });
}
