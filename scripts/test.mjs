// The tests: `npm test` runs all of them; `node scripts/test.mjs [--fast] [PART…]` only the files whose path contains a PART.
// SLIPWAY_TEST_SEED=random: property tests draw other values than in CI.
// --fast: no type check, no build of dist/, no lint. --node PATH: run the test files with another Node.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ensureDependencies, ROOT } from './bootstrap.mjs';

const args = process.argv.slice(2);
const isFast = take('--fast');
const node = takeValue('--node') ?? process.execPath;
const parts = args;
/** Folders whose files run in a process of their own: they start programs, change the machine or take long. */
const ALONE = ['e2e', 'peer'];
const timings = [];

await ensureDependencies();
const { BUNDLE_OPTIONS, build } = await import('./build.mjs');
const { compileAssembly } = await import('./assembly.mjs');
const isWhole = parts.length === 0;
const files = testFiles();
if (files.length === 0) fail('no test file matches');
await timed('assembly', compileAssembly);
if (!isFast) {
  await timed('types', () => run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']));
  await timed('build', () => build({ types: isWhole }));
}
const unit = await timed('bundle tests', bundleTests);
await timed('tests', () => runTests(node, unit));
if (isWhole && !isFast) {
  const other = process.env.SLIPWAY_TEST_NODE;
  if (other !== undefined && other !== '') {
    await timed(`unit tests on ${other}`, () =>
      runTests(
        other,
        unit.filter((file) => !ALONE.some((folder) => file.includes(`${sep}${folder}${sep}`))),
      ),
    );
  }
  const { check } = await import('./check.mjs');
  await check(timed);
  await timed('bench, short', () => run(process.execPath, ['scripts/bench.mjs', '--short']));
}
console.log('\ntime');
for (const [name, ms] of timings) console.log(`  ${(ms / 1000).toFixed(1).padStart(7)} s  ${name}`);

function testFiles() {
  return readdirSync(join(ROOT, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort();
}

/** One bundle a top folder of test/, since a process per file costs 0.1 s each; the folders in ALONE one a file. */
async function bundleTests() {
  const { build: esbuild } = await import('esbuild');
  const out = join(ROOT, '.build', 'test', String(process.pid));
  process.on('exit', () => rmSync(out, { recursive: true, force: true }));
  mkdirSync(out, { recursive: true });
  const groups = new Map();
  for (const file of files) {
    const top = file.split(sep)[1];
    const name =
      ALONE.includes(top) || !file.split(sep)[2] ? file.slice('test/'.length, -'.test.ts'.length) : join('group', top);
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  const virtual = {
    name: 'test-groups',
    setup(plugin) {
      plugin.onResolve({ filter: /^group-of:/ }, (found) => ({
        path: found.path.slice('group-of:'.length),
        namespace: 'group-of',
      }));
      plugin.onLoad({ filter: /.*/, namespace: 'group-of' }, (found) => ({
        contents: groups
          .get(found.path)
          .map((file) => `import ${JSON.stringify(`./${file.split(sep).join('/')}`)};`)
          .join('\n'),
        resolveDir: ROOT,
      }));
    },
  };
  await esbuild({
    ...BUNDLE_OPTIONS,
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries([...groups.keys()].map((name) => [name, `group-of:${name}`])),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    sourcemap: 'linked',
    plugins: [virtual],
  });
  return [...groups.keys()].map((name) => join(out, `${name}.mjs`)).sort();
}

function runTests(binary, bundles) {
  const env = { ...process.env, PATH: `${dirname(binary)}:${process.env.PATH ?? ''}`, SLIPWAY_TEST_NODE_PATH: binary };
  run(
    binary,
    [
      '--enable-source-maps',
      `--import=${join(ROOT, 'scripts', 'property-seed.mjs')}`,
      '--test',
      '--test-reporter=spec',
      '--test-concurrency=2',
      '--test-timeout=600000',
      ...bundles,
    ],
    env,
  );
}

function run(command, argv, env = process.env) {
  const result = spawnSync(command, argv, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env });
  if (result.status !== 0)
    fail(`${[command, ...argv.slice(0, 4)].join(' ')} … ended with ${String(result.status ?? result.signal)}`);
}

async function timed(name, task) {
  const start = performance.now();
  const value = await task();
  timings.push([name, performance.now() - start]);
  return value;
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

function take(flag) {
  const index = args.indexOf(flag);
  if (index >= 0) args.splice(index, 1);
  return index >= 0;
}

function takeValue(flag) {
  const index = args.indexOf(flag);
  return index < 0 ? undefined : args.splice(index, 2)[1];
}
