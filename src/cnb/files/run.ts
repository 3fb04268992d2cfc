/** One `[[images]]` of run.toml: a run image and its mirrors as written. */
export interface RunImageEntry {
  readonly image: string;
  readonly mirrors: readonly string[];
}

/** run.toml (contract §5.6). */
export function decodeRun(_bytes: Uint8Array | string, _file: string): readonly RunImageEntry[] {
  throw new Error('not yet');
}
