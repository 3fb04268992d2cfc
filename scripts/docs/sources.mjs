// The tables that the reference is made of, loaded from the sources themselves.
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileAssembly } from '../assembly.mjs';
import { ROOT } from '../bootstrap.mjs';
import { BUNDLE_OPTIONS } from '../build.mjs';

const ENTRY = `
export { ERROR_CODES } from './src/core/error-codes.ts';
export { OPTIONS, PROGRAMS } from './src/options/table.ts';
export { COMMANDS } from './src/options/command-table.ts';
export { PROJECT_KEYS } from './src/cnb/project-keys.ts';
export { PLATFORM_APIS, BUILDPACK_APIS } from './src/cnb/features.ts';
`;

/** `{ ERROR_CODES, OPTIONS, PROGRAMS, COMMANDS, … }` as the program has them. */
export async function loadTables() {
  const { build } = await import('esbuild');
  await compileAssembly();
  mkdirSync(join(ROOT, '.build'), { recursive: true });
  const directory = mkdtempSync(join(ROOT, '.build', 'docs-'));
  try {
    const outfile = join(directory, 'tables.mjs');
    await build({
      ...BUNDLE_OPTIONS,
      splitting: false,
      absWorkingDir: ROOT,
      stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
      packages: 'external',
      outfile,
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
