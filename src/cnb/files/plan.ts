import type { Plan, PlanEntry, Require } from '../plan.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { encodeToml, orNone, struct, type TomlDocument } from './toml-write.ts';

/** plan.toml (contract §5.4). */
export function decodePlan(bytes: Uint8Array | string, file: string): Plan {
  return decodeFile(bytes, file, (reader) => reader.list('entries', readEntry));
}

export function encodePlan(plan: Plan): string {
  return encodeToml(struct([['entries', orNone(plan.map(entryDocument))]]));
}

/** The buildpack plan given to `bin/build` (contract §5.13); no entries = an empty file. */
export function encodeBuildpackPlan(entries: readonly Require[]): string {
  return encodeToml(struct([['entries', orNone(entries.map(requireDocument))]]));
}

/** A require of plan.toml or of a build plan. */
export function readRequire(reader: TomlReader): Require {
  const metadata = reader.table('metadata');
  return { name: reader.fields.optionalString('name') ?? '', ...(metadata === undefined ? {} : { metadata }) };
}

function readEntry(reader: TomlReader): PlanEntry {
  return {
    providers: reader.list('providers', ({ fields }) => ({
      kind: fields.boolean('extension') ? 'extension' : 'buildpack',
      id: fields.string('id'),
      version: fields.string('version'),
    })),
    requires: reader.list('requires', readRequire),
  };
}

function entryDocument(entry: PlanEntry): TomlDocument {
  const providers = entry.providers.map(({ kind, id, version }): TomlDocument =>
    struct([
      ['id', id],
      ['version', version],
      ['extension', kind === 'extension' ? true : undefined],
    ]),
  );
  return struct([
    ['providers', providers],
    ['requires', entry.requires.map(requireDocument)],
  ]);
}

function requireDocument(entry: Require): TomlDocument {
  return struct([
    ['name', entry.name],
    ['metadata', entry.metadata],
  ]);
}
