import type { ExtensionOutput } from './read-output.ts';

/** A base that a run.Dockerfile switches to. */
export interface NewBase {
  /** Of the extension. */
  readonly id: string;
  /** As written: the caller makes a location of it. */
  readonly image: string;
}

export interface ChosenBase {
  /** The last one. */
  readonly newBase: NewBase | undefined;
  /** Whether a run.Dockerfile that counts does more than name a base. */
  readonly extend: boolean;
  /** Extensions whose run.Dockerfile would be lost under the new base. */
  readonly ignored: readonly string[];
}

/** The last run.Dockerfile that switches the base wins, and those before it do not count (contract §8.7). */
export function chooseBase(outputs: readonly ExtensionOutput[]): ChosenBase {
  const run = outputs.flatMap(({ id, run: dockerfile }) => (dockerfile === undefined ? [] : [{ id, dockerfile }]));
  const at = run.findLastIndex(({ dockerfile }) => dockerfile.newBase !== undefined);
  const counted = run.slice(Math.max(0, at));
  const last = run[at];
  return {
    newBase: last?.dockerfile.newBase === undefined ? undefined : { id: last.id, image: last.dockerfile.newBase },
    extend: counted.some(({ dockerfile }) => dockerfile.extends),
    ignored: run.slice(0, Math.max(0, at)).map(({ id }) => id),
  };
}
