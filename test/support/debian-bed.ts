import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './context.ts';
import { findTool, missingOutside } from './peers.ts';
import { finished, NODE, slipway, type ProgramOptions } from './program.ts';
import { giveTreeToOrdinaryUser, ORDINARY } from './ordinary-user.ts';

const SAMPLES = resolve('testdata/samples');
const IMAGES = resolve('.build/debian-images');
/** Debian's root file systems as tars. */
const ROOTS = resolve('.build/debian');

/** The sample app and a builder of its buildpacks over Debian in a registry, for a user without rights and without Docker. */
export interface DebianBed {
  readonly directory: string;
  readonly builder: string;
  /** Working directory, environment and user of the build; everything in the directory is that user's. */
  readonly options: ProgramOptions;
}

/** The layout with Debian base images `build` and `run`; undefined, and the test is skipped, where the machine cannot make them. */
export async function debianImages(t: TestContext): Promise<string | undefined> {
  const made = await finished(spawn(NODE, ['scripts/run-image/make.mjs', IMAGES, '--debian']));
  if (made.code === 0) return IMAGES;
  // With the root there, what went wrong is ours.
  const hasRoot = existsSync(ROOTS) && readdirSync(ROOTS).some((name) => name.endsWith('.tar'));
  assert.equal(hasRoot, false, made.stderr);
  missingOutside(t, `no Debian root file system: ${/Error: (.*)/.exec(made.stderr)?.[1] ?? made.stderr}`);
  return undefined;
}

/** Pushes run image and builder to the registry. */
export async function debianBed(t: TestContext, images: string, registry: string): Promise<DebianBed> {
  const directory = temporaryDirectory(t);
  for (const name of ['home', 'tmp', 'bin']) mkdirSync(join(directory, name));
  cpSync(join(SAMPLES, 'web-app'), join(directory, 'app'), { recursive: true });
  const [run, builder] = [`${registry}/base/run:debian`, `${registry}/acme/builder:1`];
  writeFileSync(join(directory, 'builder.toml'), builderToml(`oci:${images}:build`, run));
  const own = { cwd: directory, env: { HOME: join(directory, 'home'), TMPDIR: join(directory, 'tmp') } };
  for (const args of [
    ['image', 'copy', `oci:${images}:run`, run],
    ['builder', 'create', builder, '--config', 'builder.toml'],
  ]) {
    const done = await slipway(args, own);
    assert.equal(done.code, 0, done.stderr);
  }
  const bwrap = findTool('bwrap') ?? assert.fail('bubblewrap is not installed');
  symlinkSync(bwrap, join(directory, 'bin/bwrap'));
  assert.deepEqual(readdirSync(join(directory, 'bin')), ['bwrap']);
  giveTreeToOrdinaryUser(directory);
  return {
    directory,
    builder,
    options: {
      ...own,
      env: { ...own.env, PATH: join(directory, 'bin') },
      ...(process.getuid?.() === 0 ? { user: ORDINARY } : {}),
    },
  };
}

/** The sample builder.toml over other images, and from another place. */
function builderToml(build: string, run: string): string {
  return readFileSync(join(SAMPLES, 'builder.toml'), 'utf8')
    .replace('oci:.build/base-images:build', build)
    .replace('oci:.build/base-images:run', run)
    .replaceAll('uri = "', `uri = "${SAMPLES}/`);
}
