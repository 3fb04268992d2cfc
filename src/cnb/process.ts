import type { OwnedBomEntry } from './bom.ts';

/** A process of launch.toml or metadata.toml (contract §5.14, §5.18). */
export interface LaunchProcess {
  readonly type: string;
  readonly command: readonly string[];
  /** Undefined when the buildpack gave none: the file and the label tell the two apart. */
  readonly args?: readonly string[];
  readonly direct: boolean;
  /** Only in launch.toml; erased in metadata.toml. */
  readonly isDefault: boolean;
  readonly buildpackId: string;
  readonly workingDir?: string;
  readonly execEnv?: readonly string[];
}

export interface Slice {
  readonly paths: readonly string[];
}

export interface Label {
  readonly key: string;
  readonly value: string;
}

/** `<layers>/config/metadata.toml`. */
export interface BuildMetadata {
  /** Platform API < 0.9: the legacy bill of materials for launch. */
  readonly bom?: readonly OwnedBomEntry[];
  readonly defaultProcessType?: string;
  readonly buildpacks: readonly {
    readonly id: string;
    readonly version: string;
    readonly api: string;
    readonly homepage?: string;
  }[];
  readonly extensions: readonly {
    readonly id: string;
    readonly version: string;
    readonly api: string;
    readonly homepage?: string;
  }[];
  readonly labels: readonly Label[];
  readonly processes: readonly LaunchProcess[];
  readonly slices: readonly Slice[];
}

/**
 * As metadata.toml holds a process while commands are one string (Platform API < 0.10): what follows the first word of its command
 * stands before its arguments, of which there is always a list. A process that is so already stays as it is.
 */
export function withStringCommand(process: LaunchProcess): LaunchProcess {
  const [first = '', ...rest] = process.command;
  return { ...process, command: first === '' ? [] : [first], args: [...rest, ...(process.args ?? [])] };
}
