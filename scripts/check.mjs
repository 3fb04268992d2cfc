// What is checked beside the tests: lint, format, unused code, package shape. `npm run check`.
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, ROOT } from './bootstrap.mjs';

const STEPS = [
  ['eslint', ['node_modules/eslint/bin/eslint.js', '--max-warnings=0', '.']],
  ['prettier', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']],
  ['knip', ['node_modules/knip/bin/knip.js']],
  ['publint', ['node_modules/publint/src/cli.js', '--strict', '--pack=npm']],
];

export async function check(timed) {
  for (const [name, argv] of STEPS) {
    await timed(name, () => {
      const result = spawnSync(process.execPath, argv, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
      if (result.status !== 0) {
        console.error(`error: ${name} ended with ${String(result.status ?? result.signal)}`);
        process.exit(1);
      }
    });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await ensureDependencies();
  const { build } = await import('./build.mjs');
  await build({ types: true });
  await check(async (_name, task) => task());
}
