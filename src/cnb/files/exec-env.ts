import type { TomlReader } from './decode.ts';

/** A list of execution environments, in both spellings: of strings, or of tables `[[… .exec-env]] name = …` (GAP-20). */
export function readExecEnv(reader: TomlReader): readonly string[] {
  const raw = reader.fields.raw('exec-env');
  const isTables = Array.isArray(raw) && raw.length > 0 && raw.every((item) => typeof item === 'object');
  return isTables ? reader.list('exec-env', ({ fields }) => fields.string('name')) : reader.fields.strings('exec-env');
}
