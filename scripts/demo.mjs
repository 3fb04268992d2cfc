// The main job, once through, on this machine and with nothing but Node and npm: `npm run demo`. Options, after `--`:
//   --sandbox NAME      as of slipway build; default: the best that works, else host, without a builder image then
//   --start-with NAME   bubblewrap, crun, podman, docker, unshare, chroot; default: the first of these that works
//   --work DIR          where the files are kept; default: .build/demo
//   --no-build          take dist/ as it is
import { ensureDependencies } from './bootstrap.mjs';

const started = performance.now();
await ensureDependencies();
if (!process.argv.includes('--no-build')) await (await import('./build.mjs')).build();
const { runDemo } = await import('./demo/run.mjs');
process.exitCode = await runDemo(process.argv.slice(2), started);
