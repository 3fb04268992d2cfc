/** A buildpack or an extension (Buildpack API): what the descriptors, orders and groups name. */
export type ModuleKind = 'buildpack' | 'extension';

/** An element of an order's group. */
export interface OrderElement {
  readonly kind: ModuleKind;
  readonly id: string;
  readonly version: string;
  readonly optional: boolean;
  /** The execution environments that the group has it for; absent: all. */
  readonly execEnv?: readonly string[];
}

export type OrderGroup = readonly OrderElement[];
export type Order = readonly OrderGroup[];

/** An element of group.toml: a detected module. */
export interface GroupElement {
  readonly kind: ModuleKind;
  readonly id: string;
  readonly version: string;
  readonly api: string;
  readonly homepage?: string;
  readonly optional?: boolean;
}

/** Target constraint of a module (`[[targets]]`). Empty text = any. */
export interface Target {
  readonly os: string;
  readonly arch: string;
  readonly archVariant: string;
  readonly distros: readonly { readonly name: string; readonly version: string }[];
}

/** buildpack.toml or extension.toml, as far as the lifecycle reads it (contract §5.10, §5.11). */
export interface ModuleDescriptor {
  readonly kind: ModuleKind;
  readonly api: string;
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly homepage: string;
  readonly clearEnv: boolean;
  /** Media types without parameters. */
  readonly sbomFormats: readonly string[];
  readonly execEnv: readonly string[];
  /** Inferred when the file has none (contract §7.6). Empty = matches anything. */
  readonly targets: readonly Target[];
  /** Non-empty for a composite buildpack. */
  readonly order: Order;
  /** Absolute directory of the module. */
  readonly root: string;
  /** The programs it has in `bin/`. */
  readonly hasDetect: boolean;
  readonly hasBuild: boolean;
  readonly hasGenerate: boolean;
}

/** `a/b` → `a_b`: the directory name of a module. */
export function escapeId(id: string): string {
  return id.replaceAll('/', '_');
}

/** `id@version`. */
export function moduleName(module: { readonly id: string; readonly version: string }): string {
  return `${module.id}@${module.version}`;
}
