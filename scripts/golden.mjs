// Repeats every recorded run of the Go lifecycle and prints how it came out; --write keeps that as docs/reference/golden.md.
// Ends with 1 when anything is unequal. Needs Linux and root, since the runs have roots of their own. `npm run golden`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies, ROOT } from './bootstrap.mjs';

await ensureDependencies();
const { renderGolden } = await import('./golden/render.mjs');
const { format } = await import('prettier');
const { build } = await import('./build.mjs');
/** The test files that compare with recorded runs; they write their verdicts. */
const TESTS = [
  'e2e/golden',
  'e2e/cache-image',
  'e2e/rebase',
  'e2e/failures',
  'e2e/two-implementations',
  'launcher/golden',
  'e2e/launcher',
];

await build({ types: false });
mkdirSync(join(ROOT, '.build'), { recursive: true });
const directory = mkdtempSync(join(ROOT, '.build', 'golden-'));
const file = join(directory, 'verdicts.jsonl');
const env = { ...process.env, SLIPWAY_GOLDEN_VERDICTS: file, SLIPWAY_REQUIRE_PEERS: '1' };
const run = spawnSync(process.execPath, [join(ROOT, 'scripts/test.mjs'), '--fast', ...TESTS], {
  cwd: ROOT,
  env,
  encoding: 'utf8',
  maxBuffer: 256 << 20,
});
const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
rmSync(directory, { recursive: true, force: true });
const verdicts = lines.map((line) => JSON.parse(line));
const settings = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).prettier;
const text = await format(renderGolden(verdicts), { ...settings, parser: 'markdown' });
if (process.argv.includes('--write')) writeFileSync(join(ROOT, 'docs/reference/golden.md'), text);
console.log(text);
const count = (verdict) => verdicts.filter((each) => each.verdict === verdict).length;
console.log(`${count('equal')} equal, ${count('allowed')} allowed, ${count('unequal')} unequal`);
if (run.status !== 0) {
  console.error(run.stdout.slice(Math.max(0, run.stdout.indexOf('failing tests:'))));
  console.error(`error: the comparisons failed${run.stderr}`);
  process.exit(1);
}
