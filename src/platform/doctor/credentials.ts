import { SlipwayError } from '../../core/errors.ts';
import { readPlace, type CredentialFile } from '../../keychain/credential-file.ts';
import { parseRegistryAuth } from '../../keychain/env-auth.ts';
import { credentialPlaces } from '../../keychain/places.ts';
import type { Machine } from '../machine.ts';
import type { Finding } from './finding.ts';

/** The places that have credentials, by name alone; no helper is asked. */
export async function lookAtCredentials(machine: Machine): Promise<readonly Finding[]> {
  const variable = lookAtVariable(machine.env['CNB_REGISTRY_AUTH']);
  const places = await Promise.all(
    credentialPlaces(machine).map(async (place): Promise<Finding | undefined> => {
      const about = { area: 'credentials', name: place.label } as const;
      const read = await readPlace(place).catch(problemOf);
      if (read instanceof SlipwayError) return { ...about, ...broken(read) };
      return typeof read === 'string' ? undefined : { ...about, verdict: 'ok', found: describe(read) };
    }),
  );
  const found = [variable, ...places].filter((each) => each !== undefined);
  if (found.length > 0) return found;
  return [
    { area: 'credentials', name: 'credentials', verdict: 'note', found: 'none: registries are asked anonymously' },
  ];
}

function lookAtVariable(text: string | undefined): Finding | undefined {
  if (text === undefined || text === '') return undefined;
  const about = { area: 'credentials', name: 'CNB_REGISTRY_AUTH' } as const;
  try {
    return { ...about, verdict: 'ok', found: count(parseRegistryAuth(text).size, 'entry', 'entries') };
  } catch (error) {
    return { ...about, ...broken(problemOf(error)) };
  }
}

function describe({ entries, helpers, store }: CredentialFile): string {
  const parts = [
    ...(entries.size === 0 ? [] : [count(entries.size, 'entry', 'entries')]),
    ...[...helpers].map(([host, suffix]) => `docker-credential-${suffix} for ${host}`),
    ...(store === undefined ? [] : [`docker-credential-${store} for all others`]),
  ];
  return parts.length === 0 ? 'no entries' : parts.join(', ');
}

function problemOf(error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  throw error;
}

function broken(error: SlipwayError): Pick<Finding, 'verdict' | 'found' | 'remedy'> {
  const remedy = 'mend or remove it: nothing after it is looked at; slipway auth explain IMAGE says more';
  return { verdict: 'bad', found: error.message, remedy };
}

function count(number: number, one: string, many: string): string {
  return `${String(number)} ${number === 1 ? one : many}`;
}
