import { repositoryOfName, writtenOutName } from '../../cnb/run-image-name.ts';
import type { RunImageRecordOfLabel } from '../../cnb/run-image-record.ts';
import type { Location } from '../../oci/location.ts';
import type { Obstacle } from './obstacle.ts';

/** The new base as it was named. */
export interface NamedBase {
  readonly location: Location;
  /** As given, or from the label. */
  readonly name: string;
}

/** What becomes of the names in the label: they stay, or the base's own is recorded, alone. */
export interface NameVerdict {
  readonly names?: { readonly image?: string | undefined };
  readonly obstacle?: Obstacle | undefined;
}

/**
 * Whether the label knows the new base (contract §17.6). The same repository under another tag is the same base patched: it needs no
 * force, nor does a label that records no name and no repository. `isStrict`: the rule of the Go lifecycle.
 */
export function judgeName(
  record: RunImageRecordOfLabel,
  base: NamedBase,
  rules: { readonly isStrict: boolean },
): NameVerdict {
  const name = writtenOutName(base.name);
  if (record.names.some((known) => writtenOutName(known) === name)) return {};
  const names = { image: recordable(base) };
  const known = record.names.length > 0 ? record.names : record.reference.includes('/') ? [record.reference] : [];
  const repository = repositoryOfName(base.name);
  const isPatched = repository !== undefined && known.some((other) => repositoryOfName(other) === repository);
  if (!rules.isStrict && (isPatched || known.length === 0)) return { names };
  return {
    names,
    obstacle: {
      message: `rebase app image: new base image '${base.name}' not found in existing run image metadata: ${record.shown}`,
      details: { recorded: record.names.length === 0 ? 'no name' : record.names.join(', ') },
    },
  };
}

/** Only a registry's name means something elsewhere: labels hold no path of this machine (design §2.5). */
function recordable({ name }: NamedBase): string | undefined {
  return repositoryOfName(name) === undefined ? undefined : name;
}
