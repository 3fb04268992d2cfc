// Where the demo keeps its files: .build/demo of the checkout, or below the machine's temporary directory when that is not writable.
import { accessSync, chmodSync, constants, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ROOT } from '../bootstrap.mjs';

/** The paths of one run. The base images, the unpacked builder and the build cache stay for the next run, everything else is made anew. */
export function prepareWorkDirectory(asked) {
  const usual = [join(ROOT, '.build', 'demo'), join(tmpdir(), `slipway-demo-${process.getuid()}`)];
  const base = firstWritable(asked === undefined ? usual : [resolve(asked)]);
  const paths = {
    base,
    app: join(base, 'app'),
    cache: join(base, 'cache'),
    layout: join(base, 'out'),
    archive: join(base, 'web-app.tar'),
    roots: join(base, 'roots'),
    baseImages: join(base, 'base-images'),
    builder: join(base, 'builder'),
    builderToml: join(base, 'builder.toml'),
    unpacked: join(base, 'unpacked'),
    bundle: join(base, 'bundle'),
  };
  for (const path of [paths.app, paths.layout, paths.archive, paths.roots, paths.bundle, paths.builder])
    rmSync(path, { recursive: true, force: true });
  cpSync(join(ROOT, 'testdata/samples/web-app'), paths.app, { recursive: true });
  mkdirSync(paths.roots);
  return paths;
}

/**
 * The sample buildpacks where they can be run. Without a sandbox root's buildpacks run as another user, who may not be let into the
 * checkout: a copy lies where everybody can read.
 */
export function placeBuildpacks(sandbox) {
  const samples = join(ROOT, 'testdata/samples/buildpacks');
  if (sandbox !== 'host' || process.getuid?.() !== 0) return samples;
  const copy = mkdtempSync(join(tmpdir(), 'slipway-demo-buildpacks-'));
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
  cpSync(samples, copy, { recursive: true });
  chmodSync(copy, 0o755);
  return copy;
}

function firstWritable(candidates) {
  for (const [index, path] of candidates.entries()) {
    try {
      mkdirSync(path, { recursive: true });
      accessSync(path, constants.W_OK);
      return path;
    } catch (error) {
      if (index === candidates.length - 1 || !['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw error;
    }
  }
  throw new Error('no place for the demo’s files');
}
