import type { Context } from '../core/context.ts';
import type { Credentials } from '../registry/options.ts';
import { readPlace, type CredentialFile } from './credential-file.ts';
import type { Entries, Wanted } from './entries.ts';
import type { HelperAnswer } from './helper.ts';
import { HUB_KEY } from './names.ts';
import type { CredentialPlace } from './places.ts';
import { vendorHelper } from './vendor-helpers.ts';

/** What one place has for a repository. */
export interface Look {
  readonly credentials?: Credentials;
  /** What was found, in words that follow the name of the place; never a secret. */
  readonly lines: readonly string[];
  /** Nothing is there that could be looked into. */
  readonly isAbsent: boolean;
}

export type Ask = (suffix: string, host: string, ctx: Context) => Promise<HelperAnswer>;

/** One place, in the order in which they are asked. */
export interface Source {
  readonly label: string;
  /** Mentioned in errors even when it is absent. */
  readonly isUsual: boolean;
  readonly look: (wanted: Wanted, ask: Ask, ctx: Context) => Promise<Look>;
  /** Reads it now, while this process may. */
  readonly load: () => Promise<void>;
}

/** `CNB_REGISTRY_AUTH`; `read` throws what is wrong with it. */
export function variableSource(label: string, read: () => Entries): Source {
  return {
    label,
    isUsual: true,
    load: () => Promise.resolve(),
    look: (wanted) => {
      const entries = read();
      if (entries.size === 0) return Promise.resolve({ lines: ['not set'], isAbsent: true });
      return Promise.resolve(fromEntries(entries, wanted));
    },
  };
}

/** A file, or a variable with the text of one. It is read once; a reading that failed is made again. */
export function placeSource(place: CredentialPlace): Source {
  let reading: Promise<CredentialFile | string> | undefined;
  const read = async (): Promise<CredentialFile | string> => {
    reading ??= readPlace(place);
    try {
      return await reading;
    } catch (error) {
      reading = undefined;
      throw error;
    }
  };
  return {
    label: place.label,
    isUsual: place.isUsual,
    // What is wrong with it is told to whoever needs it.
    load: () => read().then(ignore, ignore),
    look: async (wanted, ask, ctx) => {
      const file = await read();
      return typeof file === 'string' ? { lines: [file], isAbsent: true } : fromFile(file, wanted, ask, ctx);
    },
  };
}

/** The helper of the cloud that a registry belongs to, unless it is switched off; undefined for other registries. */
export function vendorSource(registry: string, env: Readonly<Record<string, string | undefined>>): Source | undefined {
  const vendor = vendorHelper(registry);
  if (vendor === undefined) return undefined;
  return {
    label: `docker-credential-${vendor.suffix}`,
    isUsual: true,
    load: () => Promise.resolve(),
    look: async (_, ask, ctx) => {
      if (env[vendor.skip] === 'true') return { lines: [`${vendor.skip} is set`], isAbsent: false };
      return fromHelper(await ask(vendor.suffix, registry, ctx), '');
    },
  };
}

async function fromFile(file: CredentialFile, wanted: Wanted, ask: Ask, ctx: Context): Promise<Look> {
  const { registry, names } = wanted;
  const named = names.find((name) => file.helpers.has(name));
  const helper = named === undefined ? undefined : file.helpers.get(named);
  // A helper of the registry has the last word here, as it has for docker.
  if (helper !== undefined) return askInTurn(helper, serverNames(wanted, named), ask, ctx);
  if (file.entries.find(wanted) !== undefined) return fromEntries(file.entries, wanted);
  if (file.store === undefined) return { lines: [`no entry for ${registry}`], isAbsent: false };
  return askInTurn(file.store, serverNames(wanted, registry), ask, ctx);
}

async function askInTurn(suffix: string, hosts: readonly string[], ask: Ask, ctx: Context): Promise<Look> {
  const lines: string[] = [];
  for (const host of hosts) {
    const look = fromHelper(await ask(suffix, host, ctx), `docker-credential-${suffix} `);
    lines.push(...look.lines);
    if (look.credentials !== undefined) return { ...look, lines };
  }
  return { lines: [...new Set(lines)], isAbsent: false };
}

/** Docker keeps Docker Hub under its old URL, and every other registry under its host. */
function serverNames({ names, registry }: Wanted, named: string | undefined): readonly string[] {
  const own = named ?? registry;
  return names.length > 1 ? [...new Set([HUB_KEY, own])] : [own];
}

function fromHelper({ credentials, text }: HelperAnswer, prefix: string): Look {
  const lines = [`${prefix}${text}`];
  return credentials === undefined ? { lines, isAbsent: false } : { credentials, lines, isAbsent: false };
}

function fromEntries(entries: Entries, wanted: Wanted): Look {
  const found = entries.find(wanted);
  return found === undefined
    ? { lines: [`no entry for ${wanted.registry}`], isAbsent: false }
    : { credentials: found.credentials, lines: [`entry for ${found.subject}`], isAbsent: false };
}

function ignore(): void {
  // Both outcomes are kept by the promise itself.
}
