// Bundles a bench program of this folder into .build/bench and returns its path.
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { BUNDLE_OPTIONS } from '../build.mjs';

export async function compileBench(name) {
  const { build } = await import('esbuild');
  const outdir = join(ROOT, '.build', 'bench');
  await build({
    ...BUNDLE_OPTIONS,
    absWorkingDir: ROOT,
    entryPoints: { [name]: `scripts/bench/${name}.mjs` },
    outdir,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
  });
  return join(outdir, `${name}.mjs`);
}
