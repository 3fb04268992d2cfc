import { decodeFile } from './decode.ts';

/** One `[[images]]` of run.toml: a run image and its mirrors as written. */
export interface RunImageEntry {
  readonly image: string;
  readonly mirrors: readonly string[];
}

/** run.toml (contract §5.6). */
export function decodeRun(bytes: Uint8Array | string, file: string): readonly RunImageEntry[] {
  return decodeFile(bytes, file, (reader) =>
    reader.list('images', ({ fields }) => ({ image: fields.string('image'), mirrors: fields.strings('mirrors') })),
  );
}
