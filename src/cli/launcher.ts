#!/usr/bin/env node
import { runLauncher } from './run-launcher.ts';

// Node gives the path as called, so the name of a link in /cnb/process selects its process (contract §16.1).
process.exit(await runLauncher(process.argv[1] ?? 'launcher', process.argv.slice(2)));
