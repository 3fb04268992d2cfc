// Benchmarks against the peers on PATH (docs/benchmarks): `npm run bench [-- NAME…] [--full] [--pairs N] [--out DIR] [--scale F]`.
// --list says what there is; --render writes the pages from results.json again. A run replaces the rows of its cases and leaves the others.
// --short: what CI runs, against the ratios of bench/recorded.json; --short --record writes those.
// --scale F: a try with data F times the size, written below .build/bench/try unless --out says where.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, ROOT } from './bootstrap.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    pairs: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const scale = Number(values.scale);
const pairs = Number(values.pairs);
if (!(scale > 0 && scale <= 1)) fail(`--scale ${values.scale} is not a number up to 1`);
if (!(Number.isInteger(pairs) && pairs > 0)) fail(`--pairs ${values.pairs} is not a number of pairs`);
const isTry = scale !== 1;
const place = join(ROOT, '.build', 'bench');
const out = values.out ?? (isTry ? join(place, 'try') : join(ROOT, 'docs', 'benchmarks'));

await ensureDependencies();
const { CASES } = await import('./bench/cases/all.mjs');
const { benchmarkPages } = await import('./bench/lib/pages.mjs');
const { readResults } = await import('./bench/lib/results.mjs');
const { formatPage } = await import('./docs/format.mjs');
const resultsFile = join(out, 'results.json');

if (values.list) list();
else if (values.short) await short();
else if (values.render) await render();
else await run();

function list() {
  for (const { id, title, minutes, isLong } of CASES)
    console.log(`${id.padEnd(4)} ${title}, about ${String(minutes)} min${isLong === true ? ', only with --full' : ''}`);
}

async function short() {
  const part = await import('./bench/short.mjs');
  if (!(await part.short({ isRecord: values.record }))) process.exitCode = 1;
}

async function run() {
  const { runCase } = await import('./bench/lib/run-case.mjs');
  const chosen = chosenCases();
  const minutes = chosen.reduce((sum, one) => sum + one.minutes, 0) * (pairs / 5) * scale;
  console.log(`${chosen.map(({ id }) => id).join(' ')}: about ${minutes.toFixed(0)} minutes, into ${out}`);
  if (!values['no-build']) await (await import('./build.mjs')).build();
  removeLeftovers();
  const failed = [];
  for (const one of chosen) {
    const work = join(place, `work-${String(process.pid)}`);
    mkdirSync(work, { recursive: true });
    try {
      await runCase(one, { work, dataRoot: join(place, 'data'), pairs, scale, isFull: values.full, resultsFile });
      await render();
    } catch (error) {
      failed.push(one.id);
      console.error(`error: ${one.id}: ${error.stack}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  if (failed.length > 0) fail(`${failed.join(', ')} could not be measured; their earlier rows stay`);
}

/** Of runs that were killed. */
function removeLeftovers() {
  mkdirSync(place, { recursive: true });
  for (const name of readdirSync(place)) {
    const pid = /^work-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(place, name), { recursive: true, force: true });
  }
}

function chosenCases() {
  const unknown = positionals.filter((name) => !CASES.some(({ id }) => id === name.toUpperCase()));
  if (unknown.length > 0)
    fail(`no benchmark "${unknown.join('", "')}"; there are ${CASES.map(({ id }) => id).join(', ')}`);
  if (positionals.length === 0) return CASES.filter(({ isLong }) => values.full || isLong !== true);
  return positionals.map((name) => CASES.find(({ id }) => id === name.toUpperCase()));
}

async function render() {
  mkdirSync(out, { recursive: true });
  for (const [name, text] of Object.entries(benchmarkPages(readResults(resultsFile), out)))
    writeFileSync(join(out, name), name.endsWith('.md') ? await formatPage(text) : text);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
