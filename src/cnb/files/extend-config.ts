import { SlipwayError } from '../../core/errors.ts';
import { decodeFile, type TomlReader } from './decode.ts';

/** A value for an ARG of an extension's Dockerfile. */
interface ExtendArg {
  readonly name: string;
  readonly value: string;
}

/** extend-config.toml: what an extension gives to its Dockerfiles. */
export interface ExtendConfig {
  readonly build: readonly ExtendArg[];
  readonly run: readonly ExtendArg[];
}

/** Set by the extender itself. */
const RESERVED: readonly string[] = ['build_id', 'user_id', 'group_id'];

/** extend-config.toml (contract §8.3). Throws `FILE_INVALID`, or `BUILDPACK_INVALID` for an argument that the extender sets itself. */
export function decodeExtendConfig(bytes: Uint8Array | string, file: string): ExtendConfig {
  const config = decodeFile(bytes, file, (reader) => ({
    build: readArgs(reader.nested('build')),
    run: readArgs(reader.nested('run')),
  }));
  const reserved = [...config.build, ...config.run].find(({ name }) => RESERVED.includes(name));
  if (reserved === undefined) return config;
  throw new SlipwayError(
    'BUILDPACK_INVALID',
    `validating extend config: invalid content: arg with name "${reserved.name}" is not allowed`,
    { details: { file }, hint: `the extender sets ${RESERVED.join(', ')} itself` },
  );
}

function readArgs(reader: TomlReader): readonly ExtendArg[] {
  return reader.list('args', ({ fields }) => ({
    name: fields.optionalString('name') ?? '',
    value: fields.optionalString('value') ?? '',
  }));
}
