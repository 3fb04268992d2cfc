import type { Context } from '../../core/context.ts';
import type { ImageSink, StagingSink } from '../../ports/store.ts';

export interface ArchiveSinkOptions {
  readonly format: 'oci' | 'docker';
  /** Fully qualified names, for RepoTags and `io.containerd.image.name`. */
  readonly names: readonly string[];
  /** `org.opencontainers.image.ref.name` of the first. */
  readonly refName: string;
}

export function openArchiveSink(
  file: string,
  ctx: Context,
  options: ArchiveSinkOptions,
): Promise<ImageSink & StagingSink> {
  throw new Error(`not yet ${file} ${ctx.tmp} ${options.format}`);
}
