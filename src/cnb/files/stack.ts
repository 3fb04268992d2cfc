import { decodeFile } from './decode.ts';
import type { RunImageEntry } from './run.ts';

/** stack.toml (contract §5.7), which Platform API < 0.12 has for run.toml: its run image as the only entry; none without a name. */
export function decodeStack(bytes: Uint8Array | string, file: string): readonly RunImageEntry[] {
  return decodeFile(bytes, file, (reader) => {
    const { fields } = reader.nested('run-image');
    const image = fields.optionalString('image') ?? '';
    return image === '' ? [] : [{ image, mirrors: fields.strings('mirrors') }];
  });
}
