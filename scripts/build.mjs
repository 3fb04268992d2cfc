// Bundles the programs and the library into dist/; with --types also emits the declarations. `node scripts/build.mjs [--types]`.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileAssembly } from './assembly.mjs';
import { ensureDependencies, ROOT } from './bootstrap.mjs';

/** CommonJS packages in the bundle ask for `require`, and for Node's own modules alone. */
const REQUIRE_BANNER = `const require = (name) => {
  const builtin = process.getBuiltinModule(name);
  if (builtin === undefined) throw new Error(\`Cannot find module '\${name}'\`);
  return builtin;
};`.replaceAll(/\n */g, ' ');

/** Our connections offer HTTP/1.1 alone; what undici has for HTTP/2 loads Node's own, a fifth of what the first request waits for. */
const WITHOUT_HTTP2 = {
  name: 'without-http2',
  setup: (build) =>
    build.onLoad({ filter: /[/\\]undici[/\\]lib[/\\]dispatcher[/\\]client-h2\.js$/ }, () => ({
      contents: "module.exports = () => { throw new Error('HTTP/2 was not offered'); };",
    })),
};

/** The entry is one file, so that the version takes no more than that one: it leaves everything else to this. */
const MAIN_APART = {
  name: 'main-apart',
  setup: (build) =>
    build.onResolve({ filter: /^\.\/slipway-main\.ts$/ }, () => ({ path: './slipway-main.js', external: true })),
};

export const BUNDLE_OPTIONS = {
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  loader: { '.sh': 'text' },
  logLevel: 'warning',
};

export async function build({ types = false } = {}) {
  const { build: esbuild } = await import('esbuild');
  await compileAssembly();
  const version = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  const bundle = async (outdir, entryPoints, options = {}) => {
    const { metafile } = await esbuild({
      ...BUNDLE_OPTIONS,
      absWorkingDir: ROOT,
      entryPoints,
      outdir,
      chunkNames: 'chunks/[name]-[hash]',
      sourcemap: 'linked',
      legalComments: 'none',
      banner: { js: REQUIRE_BANNER },
      define: { __SLIPWAY_VERSION__: JSON.stringify(version), __SLIPWAY_COMMIT__: JSON.stringify(commit()) },
      plugins: [WITHOUT_HTTP2],
      metafile: true,
      ...options,
    });
    for (const file of Object.keys(metafile.outputs)) if (file.endsWith('.js')) askForBuiltins(join(ROOT, file));
  };
  await Promise.all([
    bundle('dist', { 'bin/slipway': 'src/cli/slipway.ts' }, { splitting: false, plugins: [MAIN_APART] }),
    bundle('dist', { 'bin/slipway-main': 'src/cli/slipway-main.ts', index: 'src/index.ts', testing: 'src/testing.ts' }),
    bundle('dist/lifecycle', { main: 'src/cli/lifecycle.ts', launch: 'src/cli/launcher.ts' }),
  ]);
  chmodSync(join(ROOT, 'dist/bin/slipway.js'), 0o755);
  writeFileSync(join(ROOT, 'dist/LICENSES.txt'), licences());
  completeLifecycle();
  if (types) emitTypes();
}

/**
 * An `import` of one of Node's own modules reads all that it exports, and so loads what is there for whoever asks for it: with
 * `node:http` a second undici, with `node:crypto` Web Crypto. Asked for as a value it is not read. Lines stay where they are, for the maps.
 */
function askForBuiltins(file) {
  const text = readFileSync(file, 'utf8').replaceAll(
    /^import (\{[^{}]*\}|\* as [\w$]+|[\w$]+) from "([\w:/]+)";$/gm,
    (line, names, name) => {
      if (!isBuiltin(name)) return line;
      const bound = names.replace(/^\* as /, '').replaceAll(/ as /g, ': ');
      return `const ${bound} = process.getBuiltinModule("${name}");`;
    },
  );
  if (/^(?:import|export) [^"'`]* from "node:/m.test(text))
    throw new Error(`${file} imports a module of Node in a way not known here`);
  writeFileSync(file, text);
}

/** Makes dist/lifecycle a directory that works wherever it is copied to: a starter for each program beside the bundle. */
function completeLifecycle() {
  const directory = join(ROOT, 'dist/lifecycle');
  for (const name of readdirSync(join(ROOT, 'bin/lifecycle'))) {
    // The launcher may be called by any name: the name of a process.
    const start = `await import('./${name === 'launcher' ? 'launch' : 'main'}.js');`;
    writeFileSync(join(directory, name), `#!/usr/bin/env node\n${start}\n`, { mode: 0o755 });
  }
  // Without it Node takes the starters, which have no extension, for CommonJS.
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
  copyFileSync(join(ROOT, 'dist/LICENSES.txt'), join(directory, 'LICENSES.txt'));
}

function emitTypes() {
  const result = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
  cpSync(join(ROOT, 'src/core/text-modules.d.ts'), join(ROOT, 'dist/types/core/text-modules.d.ts'));
}

function commit() {
  const result = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : '';
}

/** The licence texts of the bundled packages and what they bring. */
function licences() {
  const names = [
    'undici',
    'yargs',
    'yargs-parser',
    'cliui',
    'escalade',
    'get-caller-file',
    'string-width',
    'y18n',
    'strip-ansi',
    'ansi-regex',
    'emoji-regex',
    'get-east-asian-width',
    'wrap-ansi',
    'ansi-styles',
    'tar-stream',
    'streamx',
    'fast-fifo',
    'b4a',
    'text-decoder',
    '@iarna/toml',
    'node-forge',
    'bcryptjs',
    'ignore',
    'yauzl',
    'pend',
  ];
  return names
    .filter((name) => existsSync(join(ROOT, 'node_modules', name)))
    .map((name) => {
      const folder = join(ROOT, 'node_modules', name);
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      return `${name}\n${'='.repeat(name.length)}\n${file === undefined ? 'see package.json' : readFileSync(join(folder, file), 'utf8')}`;
    })
    .join('\n\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await ensureDependencies();
  await build({ types: process.argv.includes('--types') });
}
