// Writes the generated pages of docs/ from the sources; with --check it only says which are stale, and fails.
// `npm run docs`, `node scripts/docs.mjs --check`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies, ROOT } from './bootstrap.mjs';

await ensureDependencies();
const { renderPages } = await import('./docs/pages.mjs');
const { formatPage } = await import('./docs/format.mjs');
const isCheck = process.argv.includes('--check');
const stale = [];
for (const [path, text] of Object.entries(await renderPages())) {
  const file = join(ROOT, path);
  const wanted = path.endsWith('.md') ? await formatPage(text) : text;
  if (wanted === readIfThere(file)) continue;
  stale.push(path);
  if (!isCheck) writeFileSync(file, wanted);
}
for (const path of stale) console.log(isCheck ? `${path} is stale` : `wrote ${path}`);
if (isCheck && stale.length > 0) {
  console.error('error: run "npm run docs" and commit what it writes');
  process.exit(1);
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
