import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import type { Platform } from '../../src/oci/platform.ts';
import type { ImageSink } from '../../src/ports/store.ts';
import { layoutBackend } from '../../src/registryd/layout-backend.ts';
import { serveRegistry, type RequestLine, type ServeOptions } from '../../src/registryd/serve.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { putBase } from './base-images.ts';
import { temporaryDirectory, testContext, type TestContextOf } from './context.ts';
import { lifecycle, type ProgramResult } from './program.ts';
import { HELLO, writeApp, writeBuildpacks, type SampleBuildpack } from './sample-buildpacks.ts';

export const AMD64: Platform = { os: 'linux', architecture: 'amd64' };
export const ARM64: Platform = { os: 'linux', architecture: 'arm64' };

/** detector and builder refuse root, so as root they run as somebody else. */
const IS_ROOT = process.getuid?.() === 0;
const OWNED = ['analyzer', 'restorer', 'exporter', 'creator'];

export interface BedOptions extends ServeOptions {
  readonly buildpacks?: readonly SampleBuildpack[];
}

/**
 * Where the five programs run: a directory with `app`, `bps`, `order.toml`, `layers` and `launcher`, and a registry of ours on a free
 * port whose requests are kept.
 */
export interface LifecycleBed {
  readonly ctx: TestContextOf;
  readonly directory: string;
  /** The registry's `host:port`. */
  readonly registry: string;
  readonly requests: RequestLine[];
  /** Runs one program in the directory, without colours; `-layers layers` is given. */
  readonly run: (
    program: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<ProgramResult>;
  /** The text of a file below the directory. */
  readonly text: (path: string) => string;
  readonly write: (path: string, text: string, mode?: number) => void;
  /** Puts an image, or an index, into the registry as `REPOSITORY:TAG`; `fill` returns what the tag names. */
  readonly put: (name: string, fill: (sink: ImageSink) => Promise<Descriptor>) => Promise<Descriptor>;
}

export async function lifecycleBed(test: TestContext, options: BedOptions = {}): Promise<LifecycleBed> {
  const ctx = testContext(test);
  const directory = temporaryDirectory(test);
  const requests: RequestLine[] = [];
  const layout = join(directory, 'registry');
  const server = await serveRegistry(layoutBackend(layout), ctx, {
    ...options,
    onRequest: (request) => void requests.push(request),
  });
  test.after(() => server[Symbol.asyncDispose]());
  writeApp(join(directory, 'app'), { 'index.html': 'hello' });
  writeBuildpacks(join(directory, 'bps'), options.buildpacks ?? [HELLO]);
  const write = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
    chmodSync(join(directory, path), mode);
  };
  write('launcher', '#!/bin/sh\nexec "$@"\n', 0o755);
  mkdirSync(join(directory, 'layers'));
  // As root the programs become another user, who must be able to write here.
  chmodSync(join(directory, 'layers'), 0o777);
  chmodSync(directory, 0o777);
  return {
    ctx,
    directory,
    registry: `${server.host}:${String(server.port)}`,
    requests,
    run: (program, args, env = {}) =>
      lifecycle(
        program,
        ['-layers', 'layers', ...(OWNED.includes(program) ? ['-uid', '1000', '-gid', '1000'] : []), ...args],
        {
          cwd: directory,
          env: { CNB_NO_COLOR: 'true', HOME: directory, ...env },
          ...(IS_ROOT ? { user: { uid: 1000, gid: 1000 } } : {}),
        },
      ),
    text: (path) => readFileSync(join(directory, path), 'utf8'),
    write,
    put: async (name, fill) => {
      await using sink = await openLayoutSink(layout, name, ctx);
      const descriptor = await fill(sink);
      sink.tag(undefined, descriptor);
      await sink.commit(ctx);
      return descriptor;
    },
  };
}

/** A plain run image `base/run:1` of one platform in the bed's registry. */
export function putRunImage(bed: LifecycleBed, platform: Platform = AMD64, name = 'base/run:1'): Promise<Descriptor> {
  return bed.put(name, (sink) => putBase(sink, platform, bed.ctx));
}
