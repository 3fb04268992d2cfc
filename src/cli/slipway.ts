#!/usr/bin/env node
import { keepCode } from './code-cache.ts';
import { sayVersion } from './say-version.ts';

const args = process.argv.slice(2);
// Everything else is loaded when it is needed: this file and what it imports is all that the version takes.
if (!sayVersion(args[0], ['--version', '-v', 'version'])) {
  keepCode();
  process.exit(await (await import('./slipway-main.ts')).runSlipway(args));
}
