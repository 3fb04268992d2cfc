// Shows that the tests notice faults: puts each fault of scripts/mutations.json, one at a time, into a copy of this tree and runs the tests
// that should fail. `npm run mutate`, `node scripts/mutate.mjs [--write] [ID…]`. Exit 1 when a fault slips through or its text is gone.
// --write: the results go to docs/reference/mutations.md; faults that were not tried keep theirs.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { ensureDependencies, ROOT } from './bootstrap.mjs';
import { readNoticed, renderMutations } from './docs/mutations.mjs';

/** Not copied: what is made from the rest, or is not ours. */
const LEFT_OUT = ['node_modules', '.git', 'dist', '.build'];
/** A test that hangs has noticed the fault too. */
const TIMEOUT_MS = 5 * 60_000;
const OUTPUT_BYTES = 256 * 1024 * 1024;

await ensureDependencies();
const args = process.argv.slice(2);
const isWrite = args.includes('--write');
const wanted = args.filter((arg) => arg !== '--write');
const all = JSON.parse(readFileSync(join(ROOT, 'scripts/mutations.json'), 'utf8')).faults;
const faults = wanted.length === 0 ? all : all.filter(({ id }) => wanted.includes(id));
if (faults.length === 0) fail('no fault of that name');

const copy = mkdtempSync(join(tmpdir(), 'mutated-slipway-'));
// Tests that start programs as another user need the way to them.
chmodSync(copy, 0o755);
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.includes(relative(ROOT, path).split(sep)[0]) });
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

const parts = [...new Set(faults.flatMap(({ tests }) => tests))];
console.log(`without a fault: ${parts.join(' ')}`);
const sound = run({ tests: parts, build: faults.some(({ build }) => build) });
if (sound.failed !== undefined) fail(`the tests fail without a fault: ${sound.failed}\n${sound.output}`);

const results = [];
for (const fault of faults) {
  const result = { ...fault, ...tried(fault) };
  results.push(result);
  console.log(`${result.outcome.padEnd(7)} ${fault.id}: ${result.by ?? 'every test passed'}`);
}
const slipped = results.filter(({ outcome }) => outcome !== 'caught');
console.log(`\n${results.length - slipped.length} of ${results.length} caught`);
if (isWrite) await write(results);
if (slipped.length > 0) fail(`not caught: ${slipped.map(({ id }) => id).join(', ')}`);

function tried({ file, find, replace, tests, build }) {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) return { outcome: 'gone', by: `its text is not exactly once in ${file}` };
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  try {
    const { failed } = run({ tests, build });
    return failed === undefined ? { outcome: 'slipped' } : { outcome: 'caught', by: failed };
  } finally {
    writeFileSync(path, text);
  }
}

/** The first test that fails, or why there is none to name. */
function run({ tests, build }) {
  const steps = [...(build === true ? [['scripts/build.mjs']] : []), ['scripts/test.mjs', '--fast', ...tests]];
  for (const argv of steps) {
    const options = { cwd: copy, encoding: 'utf8', timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES, stdio: 'pipe' };
    const { status, error, stdout, stderr } = spawnSync(process.execPath, argv, options);
    if (error?.code === 'ETIMEDOUT') return { failed: 'the tests do not end' };
    if (status !== 0)
      return { failed: firstFailure(stdout) ?? `${argv[0]} fails`, output: `${stdout}${stderr}`.slice(-4000) };
  }
  return {};
}

/** The reporter lists the failed tests at the end: where, then the name. */
function firstFailure(stdout) {
  const [, list] = stdout.split('failing tests:');
  const [, file, name] = /^test at (?:.*[/\\])?(test[/\\].*?):\d+:\d+\n✖ (.*) \(\d[\d.]*ms\)$/m.exec(list ?? '') ?? [];
  return name === undefined ? undefined : `${file.split(sep).join('/')}: ${name}`;
}

async function write(tried) {
  const { format } = await import('prettier');
  const settings = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).prettier;
  const path = join(ROOT, 'docs/reference/mutations.md');
  const before = existsSync(path) ? readNoticed(readFileSync(path, 'utf8')) : new Map();
  for (const { id, outcome, by } of tried) before.set(id, outcome === 'caught' ? by : 'nothing');
  const rows = all.map((fault) => ({ ...fault, by: before.get(fault.id) ?? 'not tried' }));
  writeFileSync(path, await format(renderMutations(rows), { ...settings, parser: 'markdown' }));
  console.log('wrote docs/reference/mutations.md');
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
