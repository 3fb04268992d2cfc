// Runs `slipway … --json` as a program of its own and shows its events as the program itself would.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../bootstrap.mjs';

const PROGRAM = join(ROOT, 'dist/bin/slipway.js');

/** `{events, ms}` of one run, `env` beside this process's own. Throws when it fails; the reason is on the screen then. */
export async function runSlipway(args, renderer, env = {}) {
  const start = performance.now();
  const child = spawn(process.execPath, [PROGRAM, ...args, '--json'], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events = [];
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    events.push(event);
    if (event.type === 'error') showError(event);
    else renderer.emit(event);
  }
  renderer.close();
  const code = await ended;
  if (code !== 0) throw new Error(`slipway ${args[0]} ended with ${code}`);
  return { events, ms: performance.now() - start };
}

/** `slipway …` as a person would type it, an option a line. */
export function commandText(args) {
  const words = args.map((word) => (/^[\w./:=,@+-]+$/.test(word) ? word : `'${word}'`));
  return words.reduce((line, word) => `${line}${word.startsWith('--') ? ' \\\n    ' : ' '}${word}`, 'slipway');
}

function showError({ code, message, details, hint }) {
  console.error(`error: ${message}   [${code}]`);
  for (const [label, text] of Object.entries(details ?? {})) console.error(`  ${label.padEnd(10)} ${text}`);
  if (hint !== undefined) console.error(`  do         ${hint}`);
}
