#!/usr/bin/env node
import { basename } from 'node:path';
import { runLifecycle } from './lifecycle-main.ts';

// Node gives the path as called, so a link named `builder` selects the builder (contract §1.1).
const name = basename(process.argv[1] ?? 'lifecycle').replace(/\.(?:js|mjs|cmd|exe)$/, '');
process.exit(await runLifecycle(name, process.argv.slice(2)));
