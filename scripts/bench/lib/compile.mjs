// Builds the programs of this folder: those of programs/ out of the product's own sources, and the Go one where there is a `go`.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { compileAssembly } from '../../assembly.mjs';
import { ROOT } from '../../bootstrap.mjs';
import { BUNDLE_OPTIONS } from '../../build.mjs';
import { findPeer } from './peers.mjs';

const OUT = join(ROOT, '.build', 'bench');

/** Bundles a program of programs/ and returns its path. */
export async function compileBench(name) {
  const { build } = await import('esbuild');
  await compileAssembly();
  const outdir = join(OUT, 'programs');
  await build({
    ...BUNDLE_OPTIONS,
    absWorkingDir: ROOT,
    entryPoints: { [name]: `scripts/bench/programs/${name}.mjs` },
    outdir,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
  });
  return join(outdir, `${name}.mjs`);
}

/** The single-pass Go program as a peer, or undefined without a `go`. It is built once; nothing is fetched. */
export function buildSinglePass() {
  const go = findPeer('go');
  if (go === undefined) return undefined;
  const path = join(OUT, 'single-pass');
  const source = join(ROOT, 'scripts/bench/single-pass/main.go');
  const builtAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (builtAt < statSync(source).mtimeMs) {
    const more = { GOCACHE: join(OUT, 'go-cache'), GOPROXY: 'off', GO111MODULE: 'off', CGO_ENABLED: '0' };
    const args = ['build', '-o', path, source];
    const { status, stderr } = spawnSync(go.path, args, { encoding: 'utf8', env: { ...process.env, ...more } });
    if (status !== 0) throw new Error(`scripts/bench/single-pass does not build: ${stderr}`);
  }
  return { name: 'go', title: 'a single-pass Go program', path, version: go.version };
}
