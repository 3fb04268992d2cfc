#!/usr/bin/env node
import { basename } from 'node:path';
import { keepCode } from './code-cache.ts';
import { sayVersion } from './say-version.ts';

// Node gives the path as called, so a link named `builder` selects the builder (contract §1.1).
const path = process.argv[1] ?? 'lifecycle';
const name = basename(path).replace(/\.(?:js|mjs|cmd|exe)$/, '');
const args = process.argv.slice(2);
const run = async (): Promise<number> => {
  keepCode();
  if (name === 'launcher') return (await import('./run-launcher.ts')).runLauncher(path, args);
  return (await import('./lifecycle-main.ts')).runLifecycle(name, args);
};
if (name !== 'lifecycle' || !sayVersion(args[0], ['-version', '--version'])) process.exit(await run());
