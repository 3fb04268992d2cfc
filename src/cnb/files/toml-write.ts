import type { TomlValue } from '../toml-value.ts';

/** A piece of TOML that is written as it is: how `command` gets its JSON escapes (contract §5.20). */
export class TomlRaw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What can stand in a document: a `Map` is a struct (keys in its order), a plain table is a Go map (keys in byte order). */
export type TomlNode = TomlValue | TomlRaw | TomlDocument | readonly TomlDocument[] | undefined;

/** A table whose keys are written in insertion order; `undefined` and `null` members are left out. */
export type TomlDocument = ReadonlyMap<string, TomlNode>;

/** The bytes of the Go lifecycle's encoder (contract §5.20): an empty document is ''. */
export function encodeToml(_document: TomlDocument): string {
  throw new Error('not yet');
}
