import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LayerEntry } from '../../src/layer/layer-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { busyboxEntries, putBase } from './base-images.ts';
import { buildFixture, type BuildFixture } from './build-fixture.ts';
import { testContext } from './context.ts';
import { findTool, missingPeer } from './peers.ts';
import { slipway, type ProgramOptions, type ProgramResult } from './program.ts';
import { HELLO, type SampleBuildpack } from './sample-buildpacks.ts';

/** A builder `oci:builder`, an app `app` and a run image `oci:run` in a directory of their own. */
export interface BuilderBed {
  readonly fixture: BuildFixture;
  /** `slipway build shop` of the app, with HOME and TMPDIR in the directory. */
  readonly build: (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    builder?: readonly string[],
  ) => Promise<ProgramResult>;
  /** Where and how programs are run over it. */
  readonly options: ProgramOptions & { readonly env: Readonly<Record<string, string>> };
}

export interface BuilderBedOptions {
  /** The group of the builder's order; default: one that says hello. */
  readonly buildpacks?: readonly SampleBuildpack[];
  /** Links in the build image: path and target. */
  readonly links?: readonly (readonly [string, string])[];
}

/**
 * A builder made by the program, over a busybox build image whose user is 1001:1002; undefined (the test is skipped) where the machine
 * has no busybox or no bubblewrap.
 */
export async function builderBed(
  t: TestContext,
  { buildpacks = [HELLO], links = [] }: BuilderBedOptions = {},
): Promise<BuilderBed | undefined> {
  const busybox = findTool('busybox');
  if (busybox === undefined || findTool('bwrap') === undefined) {
    missingPeer(t, 'busybox and bubblewrap are needed');
    return undefined;
  }
  const fixture = await buildFixture(t, { buildpacks, base: { entries: busyboxEntries(busybox) } });
  const { directory } = fixture;
  const ctx = testContext(t);
  await using sink = await openLayoutSink(join(directory, 'base'), 'base', ctx);
  const platform = { os: 'linux', architecture: 'amd64' };
  const env = ['PATH=/usr/bin:/bin', 'CNB_USER_ID=1001', 'CNB_GROUP_ID=1002'];
  const entries = [...busyboxEntries(busybox), ...links.flatMap(linkEntries)];
  sink.tag(undefined, await putBase(sink, platform, ctx, { entries, env }));
  await sink.commit(ctx);
  writeFileSync(join(directory, 'builder.toml'), builderToml(buildpacks));
  const options = { cwd: directory, env: { HOME: join(directory, 'home'), TMPDIR: directory } };
  const made = await slipway(['builder', 'create', 'oci:builder', '--config', 'builder.toml'], options);
  assert.equal(made.code, 0, made.stderr);
  return {
    fixture,
    options,
    build: (args, more = {}, builder = ['--builder', 'oci:builder']) =>
      slipway(['build', 'shop', '--path', 'app', ...builder, ...args], {
        ...options,
        env: { ...options.env, ...more },
      }),
  };
}

function builderToml(buildpacks: readonly SampleBuildpack[]): string {
  const uri = ({ id, version = '1.0.0' }: SampleBuildpack): string => `bps/${id.replaceAll('/', '_')}/${version}`;
  return [
    '[build]\nimage = "oci:base"\n[[build.env]]\nname = "BP_X"\nvalue = "from the builder"\n',
    '[[run.images]]\nimage = "oci:run"\n',
    ...buildpacks.map((buildpack) => `[[buildpacks]]\nuri = "${uri(buildpack)}"\n`),
    '[[order]]\n',
    ...buildpacks.map(({ id }) => `[[order.group]]\nid = "${id}"\n`),
  ].join('');
}

/** A link with the directories above it. */
function linkEntries([path, target]: readonly [string, string]): readonly LayerEntry[] {
  const owner = { uid: 0, gid: 0 };
  const parents = path.split('/').slice(1, -1);
  const directories = parents.map((_, index) => `/${parents.slice(0, index + 1).join('/')}`);
  return [
    ...directories.map((directory): LayerEntry => ({ kind: 'directory', path: directory, mode: 0o755, ...owner })),
    { kind: 'symlink', path, target, mode: 0o777, ...owner },
  ];
}
