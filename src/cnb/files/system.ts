import type { OrderGroup } from '../module.ts';
import { decodeFile, type TomlReader } from './decode.ts';

/** system.toml: buildpacks that go before and after every group. */
export interface SystemFile {
  readonly pre: OrderGroup;
  readonly post: OrderGroup;
}

export const EMPTY_SYSTEM: SystemFile = { pre: [], post: [] };

/** system.toml (contract §5.2). Its buildpacks are always required. */
export function decodeSystem(bytes: Uint8Array | string, file: string): SystemFile {
  return decodeFile(bytes, file, (reader) => {
    const system = reader.nested('system');
    return { pre: readBuildpacks(system.nested('pre')), post: readBuildpacks(system.nested('post')) };
  });
}

function readBuildpacks(reader: TomlReader): OrderGroup {
  return reader.list('buildpacks', ({ fields }) => ({
    kind: 'buildpack',
    id: fields.string('id'),
    version: fields.string('version'),
    optional: false,
  }));
}
