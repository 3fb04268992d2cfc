import { toBuffer, type BytePath } from '../layer/byte-path.ts';

/** What a launcher looks at in a launch layer. */
export interface LaunchLayer {
  /** `buildpack:layer`. */
  readonly id: string;
  /** Absolute path in the image. */
  readonly path: string;
  /** By path below the layer: `bin` and `lib` themselves, and what is in `env`, `env.launch`, `exec.d` and `profile.d`. */
  readonly items: ReadonlyMap<BytePath, LayerItem>;
}

export type LayerItem =
  | { readonly kind: 'directory' }
  | {
      readonly kind: 'file';
      readonly isExecutable: boolean;
      /** Of files in `env` and `env.launch`. */
      readonly bytes?: Uint8Array;
    }
  /** A link, or something that is no file: what is behind it is known only where it runs. */
  | { readonly kind: 'other' };

/** Directories whose contents a launcher reads, and those that it only asks for. */
export const READ_DIRS: readonly string[] = ['env', 'env.launch', 'exec.d', 'profile.d'];
export const ROOT_DIRS: readonly string[] = ['bin', 'lib'];

export interface NamedItem {
  readonly name: BytePath;
  /** Below the layer. */
  readonly path: BytePath;
  readonly item: LayerItem;
}

/** What is in a directory of the layer but directories, in byte order of the names. */
export function filesIn(layer: LaunchLayer, directory: string): readonly NamedItem[] {
  const prefix = `${directory}/`;
  return [...layer.items]
    .filter(
      ([path, item]) =>
        path.startsWith(prefix) && !path.slice(prefix.length).includes('/') && item.kind !== 'directory',
    )
    .map(([path, item]) => ({ name: path.slice(prefix.length), path, item }))
    .sort((a, b) => Buffer.compare(toBuffer(a.name), toBuffer(b.name)));
}

/** The directories of one kind that count for a process type: `env.launch` and `env.launch/web`. */
export function dirsFor(directory: string, type: string): readonly string[] {
  return type === '' ? [directory] : [directory, `${directory}/${type}`];
}
