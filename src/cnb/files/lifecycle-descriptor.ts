import { decodeFile, type TomlReader } from './decode.ts';

export interface LifecycleApis {
  readonly deprecated: readonly string[];
  readonly supported: readonly string[];
}

/** lifecycle.toml of a lifecycle's release (distribution spec), and what labels say of it. */
export interface LifecycleDescriptor {
  readonly version: string;
  readonly apis: { readonly buildpack: LifecycleApis; readonly platform: LifecycleApis };
}

/** Throws `FILE_INVALID`. Old files have one version in `[api]` in the place of lists. */
export function decodeLifecycleDescriptor(bytes: Uint8Array | string, file: string): LifecycleDescriptor {
  return decodeFile(bytes, file, (reader) => ({
    version: reader.nested('lifecycle').fields.string('version'),
    apis: {
      buildpack: readApis(reader, 'buildpack'),
      platform: readApis(reader, 'platform'),
    },
  }));
}

function readApis(reader: TomlReader, kind: 'buildpack' | 'platform'): LifecycleApis {
  const { fields } = reader.nested('apis').nested(kind);
  const old = reader.nested('api').fields.optionalString(kind);
  const supported = fields.strings('supported');
  return {
    deprecated: fields.strings('deprecated'),
    supported: supported.length > 0 || old === undefined ? supported : [old],
  };
}
