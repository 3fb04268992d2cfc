import type { HistoryEntry } from '../oci/image-config.ts';
import type { ImagePlan } from './plan.ts';

/** The history as JSON data, keys in Go's order, one entry for each layer, every date the plan's (contract §15.1). */
export function planHistory(plan: ImagePlan): readonly Readonly<Record<string, unknown>>[] {
  const base =
    plan.base.kind === 'scratch' ? [] : baseHistory(plan.base.image.config.history, plan.base.image.layers.length);
  const added: readonly HistoryEntry[] = plan.layers.map((planned) => ({ createdBy: planned.createdBy }));
  const entries = [...base, ...added];
  if (plan.history === 'blank') return entries.map(() => ({ created: plan.created }));
  return historyJson(entries, plan.created);
}

/** Entries as JSON data, all of one date. */
export function historyJson(
  entries: readonly HistoryEntry[],
  created: string,
): readonly Readonly<Record<string, unknown>>[] {
  return entries.map((entry) => ({
    author: emptyAsAbsent(entry.author),
    created,
    created_by: emptyAsAbsent(entry.createdBy),
    comment: emptyAsAbsent(entry.comment),
  }));
}

/** Entries of layers only; when they do not match the layers one by one, nothing is claimed about any of them. */
export function baseHistory(history: readonly HistoryEntry[], layers: number): readonly HistoryEntry[] {
  const entries = history.filter((entry) => entry.emptyLayer !== true);
  return entries.length === layers ? entries : Array.from({ length: layers }, () => ({}));
}

function emptyAsAbsent(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
