import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import type { GroupElement } from '../../src/cnb/module.ts';
import type { Place } from '../../src/layer/place.ts';
import { virtualParents } from '../../src/layer/place.ts';
import { temporaryDirectory } from './context.ts';

const GOLDEN = 'testdata/golden';
const OWNER = { uid: 1000, gid: 1000 };

/** An app and a layers directory as the recorded build phase left them. */
export interface GoldenBuild {
  readonly layers: Place;
  readonly app: Place;
}

export const GOLDEN_GROUP: readonly GroupElement[] = [
  { kind: 'buildpack', id: 'oracle/hello', version: '1.0.0', api: '0.10' },
  { kind: 'buildpack', id: 'oracle/moon', version: '1.0.0', api: '0.10' },
  { kind: 'buildpack', id: 'oracle/layers', version: '2.1.0', api: '0.10' },
  { kind: 'buildpack', id: 'oracle/amd64', version: '1.0.0', api: '0.10' },
];

/** Places in a temporary directory that stand for /layers and /workspace, owned by 1000:1000. */
export function goldenPlaces(t: TestContext): GoldenBuild {
  const root = temporaryDirectory(t);
  const place = (name: string): Place => {
    mkdirSync(join(root, name));
    return { logical: `/${name}`, real: join(root, name), owner: OWNER, parents: virtualParents(`/${name}`, OWNER) };
  };
  return { layers: place('layers'), app: place('workspace') };
}

/** Unpacks a version of the recorded app. */
export function unpackApp(build: GoldenBuild, version: 'v1' | 'v2'): void {
  run('tar', ['-xpf', resolve(GOLDEN, `fixtures/app-${version}.tar`), '-C', build.app.real], '.');
}

/** What a recorded build phase wrote: metadata and SBOM files from the record, layers by running the recorded buildpack. */
export function finishBuild(build: GoldenBuild, name: string): void {
  const recorded = join(GOLDEN, name, 'layers-dir');
  for (const folder of ['config', 'sbom'])
    cpSync(join(recorded, folder), join(build.layers.real, folder), { recursive: true });
  run('sh', ['-c', `umask 022; mkdir -p "${build.layers.real}/oracle_moon" "${build.layers.real}/oracle_hello"`], '.');
}

/** Runs the recorded buildpack that makes one layer of every kind. */
export function runLayersBuildpack(build: GoldenBuild): string {
  const directory = join(build.layers.real, 'oracle_layers');
  mkdirSync(directory, { recursive: true });
  const plan = join(build.layers.real, '..', 'plan.toml');
  writeFileSync(plan, '');
  const buildpacks = join(build.layers.real, '..', 'buildpacks');
  mkdirSync(buildpacks, { recursive: true });
  run('tar', ['-xpf', resolve(GOLDEN, 'fixtures/buildpacks.tar'), '-C', buildpacks], '.');
  const program = run('find', [buildpacks, '-path', '*oracle_layers/2.1.0/bin/build'], '.').trim();
  return run('sh', ['-c', `umask 022; exec sh "${program}" "${directory}" /platform "${plan}"`], build.app.real);
}

function run(command: string, args: readonly string[], cwd: string): string {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} failed: ${result.stderr}`);
  return result.stdout;
}
