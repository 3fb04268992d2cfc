#!/usr/bin/env node
import { runSlipway } from './slipway-main.ts';

process.exit(await runSlipway(process.argv.slice(2)));
