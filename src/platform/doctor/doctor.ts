import type { Context } from '../../core/context.ts';
import type { RegistryFlags } from '../../options/registry-flags.ts';
import { openConfig } from '../config/config.ts';
import { registryMirrors } from '../config/use.ts';
import type { Machine } from '../machine.ts';
import { openStores } from '../stores.ts';
import { lookAtBuilder, registryOf } from './builder.ts';
import { lookAtCredentials } from './credentials.ts';
import type { Diagnosis, Finding } from './finding.ts';
import { lookAtMachine } from './machine.ts';
import { judgeNamespaces } from './namespaces.ts';
import { readNamespaceFacts } from './namespace-facts.ts';
import { lookAtNetwork } from './network.ts';
import { lookAtRegistries } from './registries.ts';
import { lookAtSandboxes } from './sandboxes.ts';
import { lookAtSettings } from './settings.ts';
import { lookAtStorage } from './storage.ts';
import { lookAtSubIds } from './sub-ids.ts';

/** What the doctor was asked to look at besides the machine. */
export interface DoctorOptions {
  readonly machine: Machine;
  readonly nodeVersion: string;
  /** Registries to ask; nothing else is asked over a network. */
  readonly registries: readonly string[];
  /** Location of a builder, which is looked for with its run images. */
  readonly builder?: string;
  readonly flags: RegistryFlags;
}

/** Looks at everything that a build needs. Throws only what is wrong with the options. */
export async function diagnose(options: DoctorOptions, asked: Context): Promise<Diagnosis> {
  // What is found is the report: nothing is told on the way.
  const ctx: Context = { ...asked, emit: () => undefined };
  const { machine, flags, builder } = options;
  const names = [...new Set([...options.registries, ...(builder === undefined ? [] : registryOf(builder))])];
  const isLinux = machine.platform === 'linux';
  const [system, sandboxes, facts, subIds, storage, network, credentials] = await Promise.all([
    lookAtMachine(machine, options.nodeVersion, ctx),
    isLinux ? lookAtSandboxes(ctx) : [],
    isLinux ? readNamespaceFacts(ctx) : undefined,
    isLinux ? lookAtSubIds(machine) : [],
    lookAtStorage(machine),
    lookAtNetwork(machine, flags),
    lookAtCredentials(machine),
  ]);
  const settings = lookAtSettings(machine);
  const isSandboxed = sandboxes.some(({ name, verdict }) => name === 'of builds' && verdict === 'ok');
  const before: readonly Finding[] = [
    ...system,
    ...sandboxes,
    ...(facts === undefined ? [] : judgeNamespaces(facts, { isSandboxed })),
    ...subIds,
    ...storage,
    ...network,
    ...settings,
    ...credentials,
  ];
  const canAsk = ![...network, ...settings].some(({ verdict }) => verdict === 'bad');
  const findings = [...before, ...(canAsk ? await askAround({ ...options, registries: names }, ctx) : [])];
  return { canBuild: findings.every(({ verdict }) => verdict !== 'bad'), findings };
}

/** Only where what says how registries are reached can be read. */
async function askAround(options: DoctorOptions, ctx: Context): Promise<readonly Finding[]> {
  const { machine, flags, builder, registries } = options;
  const mirrors = registryMirrors(openConfig(machine));
  const places = registries.flatMap((name) => [name, ...(mirrors.get(name)?.split('/').slice(0, 1) ?? [])]);
  const found = await lookAtRegistries([...new Set(places)], machine, flags, ctx);
  if (builder === undefined) return found;
  await using locator = openStores(machine, ctx.product, flags);
  return [...found, ...(await lookAtBuilder(builder, locator, ctx))];
}
