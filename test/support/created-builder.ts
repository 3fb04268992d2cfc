import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { BuilderOptions } from '../../src/platform/package/make-builder.ts';
import type { SavedImages } from '../../src/platform/package/save-images.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { putBase } from './base-images.ts';
import { packageBed, type PackageBed } from './package-bed.ts';

export interface CreatedBuilderBed extends PackageBed {
  /** Location of the build image. */
  readonly base: string;
  /** Makes a builder of these tables besides those that every builder has. */
  readonly create: (
    tables: string,
    to?: string,
    base?: string,
    options?: Partial<BuilderOptions>,
  ) => Promise<SavedImages>;
}

/** A build image for ARM in a layout, which builds as 1001:1002. */
export async function createdBuilderBed(t: TestContext): Promise<CreatedBuilderBed> {
  const bed = packageBed(t);
  const directory = join(bed.directory, 'base');
  await using sink = await openLayoutSink(directory, 'build', bed.ctx);
  const env = ['PATH=/bin', 'CNB_USER_ID=1001', 'CNB_GROUP_ID=1002'];
  sink.tag(undefined, await putBase(sink, { os: 'linux', architecture: 'arm64' }, bed.ctx, { env }));
  await sink.commit(bed.ctx);
  const base = `oci:${directory}:build`;
  return {
    ...bed,
    base,
    create: (tables, to = 'oci:out:b', image = base, options = {}) =>
      bed.builder(
        `description = "ours"\n[build]\nimage = "${image}"\n[[run.images]]\nimage = "registry.example/run:1"\n${tables}`,
        to,
        options,
      ),
  };
}
