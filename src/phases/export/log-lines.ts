import type { LogLevel } from '../../core/events.ts';
import type { Place } from '../../layer/place.ts';
import type { BuildpackDirectory } from './buildpack-directories.ts';
import type { MadeLayer } from './layer-request.ts';
import { LAYER_IDS } from './lifecycle-layers.ts';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
}

/** A directory of a buildpack as it is listed. */
export function readingLines({ path, items }: BuildpackDirectory): readonly LogLine[] {
  return [
    debug(`Reading buildpack directory: ${path}`),
    ...items.map((item) => debug(`Reading buildpack directory item: ${item}`)),
  ];
}

/**
 * The lifecycle's lines about the layers of an image, in the order in which they are made (contract §18.2, §18.3): each buildpack's
 * directory before its layers, and one count for all app layers.
 */
export class ContentLines {
  readonly #layers: Place;
  readonly #appLayers: number;
  readonly #directories: BuildpackDirectory[];
  readonly #paths: ReadonlyMap<string, string>;
  #seen = 0;
  #reused = 0;

  constructor(content: {
    readonly directories: readonly BuildpackDirectory[];
    readonly layers: Place;
    readonly appLayers: number;
  }) {
    this.#layers = content.layers;
    this.#appLayers = content.appLayers;
    this.#directories = [...content.directories];
    const layers = content.directories.flatMap((directory) => directory.layers);
    this.#paths = new Map(layers.map(({ id, path }) => [id, path]));
  }

  /** The lines that are due when a layer is there. */
  of(made: MadeLayer): readonly LogLine[] {
    const { id } = made.request;
    const lines = this.#directoryLines(id);
    return [...lines, ...(/^slice-\d+$/.test(id) ? this.#appLines(made) : this.#layerLines(made))];
  }

  /** Directories up to the one that has the layer; all that are left when it is no buildpack's. */
  #directoryLines(id: string): readonly LogLine[] {
    const isLast = ({ layers }: BuildpackDirectory): boolean => layers.some((layer) => layer.id === id);
    if (this.#paths.has(id) && !this.#directories.some(isLast)) return [];
    const lines: LogLine[] = [];
    for (let next = this.#directories.shift(); next !== undefined; next = this.#directories.shift()) {
      lines.push(...readingLines(next), debug(`Processing buildpack directory: ${next.path}`));
      if (isLast(next)) break;
    }
    return lines;
  }

  #appLines(made: MadeLayer): readonly LogLine[] {
    const total = this.#appLayers;
    this.#seen += 1;
    if (made.status === 'reused') this.#reused += 1;
    const reused = this.#reused;
    const isLast = this.#seen === total;
    return [
      ...(this.#seen === 1 ? [debug('Adding app layers')] : []),
      debug(`Layer '${made.request.id}' SHA: ${made.layer.diffId}`),
      ...(isLast && reused > 0 ? [info(`Reused ${String(reused)}/${String(total)} app layer(s)`)] : []),
      ...(isLast && total > reused ? [info(`Added ${String(total - reused)}/${String(total)} app layer(s)`)] : []),
    ];
  }

  #layerLines({ request, layer, status }: MadeLayer): readonly LogLine[] {
    const { id, from } = request;
    const path = this.#paths.get(id);
    const sbomPath = `${this.#layers.logical}/sbom/launch`;
    return [
      ...(path === undefined ? [] : [debug(`Processing launch layer: ${path}`)]),
      ...(id === LAYER_IDS.launchSbom ? [debug(`Found SBOM of type launch for at ${sbomPath}`)] : []),
      ...(from.kind === 'make' ? [debug(`Reusing tarball for layer "${id}" with SHA: ${layer.diffId}`)] : []),
      info(`${status === 'reused' ? 'Reusing' : 'Adding'} layer '${id}'`),
      debug(`Layer '${id}' SHA: ${layer.diffId}`),
    ];
  }
}

function debug(message: string): LogLine {
  return { level: 'debug', message };
}

function info(message: string): LogLine {
  return { level: 'info', message };
}
