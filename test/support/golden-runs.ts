import type { TestContext } from 'node:test';
import { copyImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { testContext, temporaryDirectory, type TestContextOf } from './context.ts';
import { GOLDEN } from './golden-compare.ts';
import { RecordedRoot, whyNoRecordedRoot } from './recorded-root.ts';

export const RUN_IMAGE = '127.0.0.1:5910/base/run:v1' as const;

/** For the `skip` of a suite: false where recorded runs can be repeated. Throws where they are required and cannot. */
export function skipRecorded(): string | false {
  const unable = whyNoRecordedRoot();
  if (unable === undefined) return false;
  if (process.env['SLIPWAY_REQUIRE_PEERS'] === '1') throw new Error(`golden runs are required here: ${unable}`);
  return `recorded runs cannot be repeated: ${unable}`;
}

/** A root with the run image in its registry. */
export async function beginRecorded(
  t: TestContext,
): Promise<{ readonly root: RecordedRoot; readonly ctx: TestContextOf }> {
  const ctx = testContext(t);
  const root = new RecordedRoot(temporaryDirectory(t));
  await using sink = await openLayoutSink(root.registry, 'base/run:v1', ctx);
  await copyImage({ source: openLayout(`${GOLDEN}/fixtures/base/run-v1`), name: undefined }, sink, ctx);
  await sink.commit(ctx);
  return { root, ctx };
}

export interface Phases {
  readonly image: string;
  readonly order: string;
  /** Default 0.15. */
  readonly api?: string;
  readonly projectMetadata?: boolean;
  readonly layout?: boolean;
  /** Default `RUN_IMAGE`, with `layout` its name there. */
  readonly runImage?: string;
  /** More arguments of the analyzer and of the exporter; more image names of the latter. */
  readonly analyzer?: readonly string[];
  readonly exporter?: readonly string[];
  readonly names?: readonly string[];
}

/** The five phases as they were recorded. */
export function fivePhases(root: RecordedRoot, phases: Phases): void {
  const owner = ['-uid', '1000', '-gid', '1000'];
  const layout = phases.layout === true ? ['-layout', '-layout-dir', '/layout'] : [];
  const runImage = phases.runImage ?? (phases.layout === true ? 'registry.example/base/run:v1' : RUN_IMAGE);
  const project = phases.projectMetadata === true ? ['-project-metadata', '/io/project-metadata.toml'] : [];
  const debug = ['-log-level', 'debug'];
  const cache = ['-cache-dir', '/cache'];
  const common = {
    env: phases.layout === true ? ['CNB_EXPERIMENTAL_MODE=quiet'] : [],
    ...(phases.api === undefined ? {} : { api: phases.api }),
  };
  const asRoot = { ...common, user: 'root' } as const;
  const asBuilder = { ...common, user: '1000:1000' } as const;
  const analyzer = [...debug, ...owner, ...layout, '-run-image', runImage, ...(phases.analyzer ?? []), phases.image];
  const exporter = [...debug, ...owner, ...layout, ...cache, '-launcher', '/io/launcher-stub', ...project];
  root.run({ ...asRoot, program: 'analyzer', args: analyzer });
  root.run({ ...asBuilder, program: 'detector', args: [...debug, '-order', `/io/${phases.order}`] });
  root.run({ ...asRoot, program: 'restorer', args: [...debug, ...owner, ...layout, ...cache] });
  root.run({ ...asBuilder, program: 'builder', args: debug });
  const names = phases.names ?? [phases.image];
  root.run({ ...asRoot, program: 'exporter', args: [...exporter, ...(phases.exporter ?? []), ...names] });
}
