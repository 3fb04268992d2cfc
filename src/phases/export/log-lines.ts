import type { LogLevel } from '../../core/events.ts';
import type { Place } from '../../layer/place.ts';
import type { MadeLayer } from './layer-request.ts';
import { LAYER_IDS } from './lifecycle-layers.ts';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
}

/** App layers so far: their lines come together after the last one. */
export interface AppCount {
  readonly total: number;
  seen: number;
  reused: number;
}

/** The lifecycle's lines about a layer of the image (contract §18.2, §18.3). Counts app layers on the way. */
export function linesOf(made: MadeLayer, layers: Place, count: AppCount): readonly LogLine[] {
  const { id } = made.request;
  return /^slice-\d+$/.test(id) ? appLines(made, count) : layerLines(made, layers);
}

function appLines(made: MadeLayer, count: AppCount): readonly LogLine[] {
  count.seen += 1;
  if (made.status === 'reused') count.reused += 1;
  const added = count.total - count.reused;
  return [
    ...(count.seen === 1 ? [debug('Adding app layers')] : []),
    debug(`Layer '${made.request.id}' SHA: ${made.layer.diffId}`),
    ...(count.seen === count.total && count.reused > 0
      ? [info(`Reused ${String(count.reused)}/${String(count.total)} app layer(s)`)]
      : []),
    ...(count.seen === count.total && added > 0
      ? [info(`Added ${String(added)}/${String(count.total)} app layer(s)`)]
      : []),
  ];
}

function layerLines({ request, layer, status }: MadeLayer, layers: Place): readonly LogLine[] {
  const { id, from } = request;
  const isBuildpackLayer = !id.startsWith('buildpacksio/lifecycle:');
  const directory = from.kind === 'make' && from.source.kind === 'dir' ? from.source.path : undefined;
  return [
    ...(isBuildpackLayer && directory !== undefined ? [debug(`Processing launch layer: ${directory}`)] : []),
    ...(id === LAYER_IDS.launchSbom ? [debug(`Found SBOM of type launch for at ${layers.logical}/sbom/launch`)] : []),
    ...(from.kind === 'make' ? [debug(`Reusing tarball for layer "${id}" with SHA: ${layer.diffId}`)] : []),
    info(`${status === 'reused' ? 'Reusing' : 'Adding'} layer '${id}'`),
    debug(`Layer '${id}' SHA: ${layer.diffId}`),
  ];
}

function debug(message: string): LogLine {
  return { level: 'debug', message };
}

function info(message: string): LogLine {
  return { level: 'info', message };
}
