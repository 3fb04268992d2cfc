// The main job, once through, on this machine and with nothing but Node and npm: `npm run demo [-- --sandbox NAME] [-- --start-with NAME]`.
import { ensureDependencies } from './bootstrap.mjs';

const started = performance.now();
await ensureDependencies();
const { build } = await import('./build.mjs');
await build();
const { runDemo } = await import('./demo/run.mjs');
process.exitCode = await runDemo(process.argv.slice(2), started);
