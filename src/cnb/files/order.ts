import type { ModuleKind, Order, OrderElement } from '../module.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { readExecEnv } from './exec-env.ts';

export interface OrderFile {
  readonly order: Order;
  /** Elements are always optional and of kind extension. */
  readonly extensions: Order;
}

/** order.toml (contract §5.1). Throws `FILE_INVALID`. */
export function decodeOrder(bytes: Uint8Array | string, file: string): OrderFile {
  return decodeFile(bytes, file, (reader) => ({
    order: readOrder(reader, 'order', 'buildpack'),
    extensions: readOrder(reader, 'order-extensions', 'extension'),
  }));
}

interface OrderRules {
  /** An element may leave its version out: '' then. */
  readonly isVersionOptional?: boolean;
}

/** The groups under a key: in order.toml, in a composite buildpack's descriptor and in builder.toml. */
export function readOrder(reader: TomlReader, key: string, kind: ModuleKind, rules: OrderRules = {}): Order {
  return reader.list(key, (entry) => entry.list('group', (element) => readElement(element, kind, rules)));
}

function readElement(reader: TomlReader, kind: ModuleKind, { isVersionOptional = false }: OrderRules): OrderElement {
  const { fields } = reader;
  const execEnv = readExecEnv(reader);
  return {
    kind,
    id: fields.string('id'),
    version: isVersionOptional ? (fields.optionalString('version') ?? '') : fields.string('version'),
    optional: fields.boolean('optional') || kind === 'extension',
    ...(execEnv.length === 0 ? {} : { execEnv }),
  };
}
