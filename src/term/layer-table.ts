import type { Event, LayerStatus } from '../core/events.ts';
import { formatSize } from './amounts.ts';
import { alignColumns } from './columns.ts';

export type LayerEvent = Extract<Event, { readonly type: 'layer' }>;

interface Row {
  readonly name: string;
  readonly layers: readonly LayerEvent[];
}

const LIFECYCLE = 'buildpacksio/lifecycle:';

/** The layers of an image, bottom first: the base in one row, the lifecycle's own in one row (ux.md, A build). */
export function layerTable(layers: readonly LayerEvent[]): readonly string[] {
  if (layers.length === 0) return [];
  const rows = group(layers);
  return alignColumns(
    [['layer', 'size', 'status'], ...rows.map((row) => [row.name, sizeOf(row.layers), statusOf(row.layers)])],
    [{}, { align: 'right' }],
  );
}

function group(layers: readonly LayerEvent[]): readonly Row[] {
  const base = layers.filter(isBase);
  const own = layers.filter((layer) => !isBase(layer) && layer.id.startsWith(LIFECYCLE));
  const rest = layers.filter((layer) => !isBase(layer) && !layer.id.startsWith(LIFECYCLE));
  const slices = rest.filter((layer) => layer.id.startsWith('slice-'));
  const named = rest.map((layer) => ({ name: nameOf(layer, slices), layers: [layer] }));
  const rows: Row[] = [];
  if (base.length > 0) rows.push({ name: `base, ${count(base.length, 'layer')}`, layers: base });
  rows.push(...named);
  if (own.length > 0) rows.push({ name: own.map((layer) => layer.id.slice(LIFECYCLE.length)).join(', '), layers: own });
  return rows;
}

/** The last slice is what no buildpack named: the app. */
function nameOf(layer: LayerEvent, slices: readonly LayerEvent[]): string {
  if (!layer.id.startsWith('slice-')) return layer.id;
  return layer === slices.at(-1) ? 'app' : `app, slice ${layer.id.slice('slice-'.length)}`;
}

function isBase(layer: LayerEvent): boolean {
  return layer.id === 'base' || layer.status === 'referenced';
}

function sizeOf(layers: readonly LayerEvent[]): string {
  const known = layers.flatMap((layer) => (layer.size === undefined ? [] : [layer.size]));
  return known.length === 0 ? '' : formatSize(known.reduce((sum, size) => sum + size, 0));
}

function statusOf(layers: readonly LayerEvent[]): string {
  const [first] = layers;
  if (first !== undefined && layers.every((layer) => layer.status === first.status)) {
    const reason = layers.length === 1 ? first.reason : undefined;
    return reason === undefined ? first.status : `${first.status}: ${reason}`;
  }
  const order: readonly LayerStatus[] = ['referenced', 'reused', 'changed', 'new'];
  return order
    .map((status) => [layers.filter((layer) => layer.status === status).length, status] as const)
    .filter(([found]) => found > 0)
    .map(([found, status]) => `${String(found)} ${status}`)
    .join(', ');
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
