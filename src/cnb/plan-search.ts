import { resolveTrial, type TrialElement } from './plan-trial.ts';
import type { TrialOptions } from './trial-options.ts';

export type SearchResult =
  | { readonly kind: 'found'; readonly trial: readonly TrialElement[] }
  | { readonly kind: 'none' }
  /** More choices than were looked at in `choicesMax`. */
  | { readonly kind: 'given up' };

/**
 * The first trial, in the order of the cartesian product, that resolves: the one that trying all of them would find, without those
 * that cannot work whatever the modules after them offer.
 */
export function searchTrials(options: readonly TrialOptions[], choicesMax: number): SearchResult {
  let choices = 0;
  const search = (open: readonly TrialOptions[], at: number): SearchResult => {
    choices += 1;
    if (choices > choicesMax) return { kind: 'given up' };
    const narrowed = narrow(open);
    if (narrowed === undefined) return { kind: 'none' };
    if (at === open.length) {
      const trial = narrowed.flatMap(([element]) => element ?? []);
      return resolveTrial(trial, () => undefined).kind === 'solved' ? { kind: 'found', trial } : { kind: 'none' };
    }
    for (const element of narrowed[at] ?? []) {
      const result = search(narrowed.with(at, [element]), at + 1);
      if (result.kind !== 'none') return result;
    }
    return { kind: 'none' };
  };
  return search(options, 0);
}

/**
 * Without the sections that fail even if every other module offered all of its sections at once; undefined when a module has none
 * left. A section that may be dropped stays, and others no longer count on it.
 */
function narrow(options: readonly TrialOptions[]): readonly TrialOptions[] | undefined {
  const dropped = new Set<TrialElement>();
  let left = options;
  for (;;) {
    const unmet = unmetIn(left, dropped);
    if (unmet.size === 0) return left;
    for (const element of unmet) if (element.module.optional === true) dropped.add(element);
    left = left.map((list) => list.filter((element) => !unmet.has(element) || dropped.has(element)));
    if (left.some((list) => list.length === 0)) return undefined;
  }
}

/** Sections with a require that nothing before them can provide, or a provide that nothing after them can require. */
function unmetIn(options: readonly TrialOptions[], dropped: ReadonlySet<TrialElement>): ReadonlySet<TrialElement> {
  const firstProvider = new Map<string, number>();
  const lastRequirer = new Map<string, number>();
  const counted = options.map((list) => list.filter((element) => !dropped.has(element)));
  for (const [at, list] of counted.entries()) {
    for (const { section } of list) {
      for (const name of section.provides) if (!firstProvider.has(name)) firstProvider.set(name, at);
      for (const { name } of section.requires) lastRequirer.set(name, at);
    }
  }
  const unmet = new Set<TrialElement>();
  for (const [at, list] of counted.entries()) {
    for (const element of list) {
      const own = element.section;
      const provides = new Set(own.provides);
      const requires = new Set(own.requires.map(({ name }) => name));
      const lacks = [...requires].some((name) => (firstProvider.get(name) ?? at) >= at && !provides.has(name));
      const isUnused = [...provides].some((name) => (lastRequirer.get(name) ?? at) <= at && !requires.has(name));
      if (lacks || isUnused) unmet.add(element);
    }
  }
  return unmet;
}
