import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { putBase, type BaseOptions } from './base-images.ts';
import { temporaryDirectory, testContext } from './context.ts';
import { HELLO, writeApp, writeBuildpacks, type SampleBuildpack } from './sample-buildpacks.ts';

/** All that `slipway build` needs, in a temporary directory: an app, buildpacks with an order, a run image `oci:run`. */
export interface BuildFixture {
  readonly directory: string;
  readonly app: string;
  readonly buildpacks: string;
  readonly order: string;
  /** Arguments of a build up to the outputs, relative to `directory`. */
  readonly args: readonly string[];
}

export async function buildFixture(
  test: TestContext,
  options: {
    readonly buildpacks?: readonly SampleBuildpack[];
    readonly base?: BaseOptions;
    readonly arch?: string;
  } = {},
): Promise<BuildFixture> {
  const directory = temporaryDirectory(test);
  const app = writeApp(join(directory, 'app'), { 'index.html': 'hello', 'sub/data.txt': 'data' });
  const { buildpacks, order } = writeBuildpacks(join(directory, 'bps'), options.buildpacks ?? [HELLO]);
  mkdirSync(join(directory, 'home'));
  await writeRunImage(test, directory, options);
  const files = ['--path', 'app', '--buildpacks', 'bps', '--order', 'order.toml', '--run-image', 'oci:run'];
  return { directory, app, buildpacks, order, args: ['build', 'shop', ...files, '--launcher', '/bin/sh'] };
}

async function writeRunImage(
  test: TestContext,
  directory: string,
  options: { readonly base?: BaseOptions; readonly arch?: string },
): Promise<void> {
  const ctx = testContext(test);
  const platform = { os: 'linux', architecture: options.arch ?? 'amd64' };
  await using sink = await openLayoutSink(join(directory, 'run'), 'run', ctx);
  const descriptor = await putBase(sink, platform, ctx, options.base ?? {});
  sink.tag(undefined, descriptor);
  await sink.commit(ctx);
}
