import type { TarHeader } from './header.ts';

export interface TarReadEntry {
  readonly header: TarHeader;
  readonly pax: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

export function readTar(source: AsyncIterable<Uint8Array>, subject: string): AsyncIterable<TarReadEntry> {
  throw new Error(`not yet ${subject} ${String(source)}`);
}
