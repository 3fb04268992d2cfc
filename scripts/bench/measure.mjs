// Runs a program and watches it: wall time, peak memory (VmHWM) and the most bytes it ever had in a directory. For Linux.
import { spawn } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const INTERVAL_MS = 20;

/**
 * `watch`: a directory to be weighed while the program runs, `skip`: the name of directories in it that do not count. Returns `{seconds, peakMb, peakBytes, stdout}`. VmHWM only grows, so that the
 * last look before the end is the peak; children of the program are not counted.
 */
export function measure(command, args, { watch, skip, env = process.env, cwd } = {}) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env, cwd });
    let stdout = '';
    let peakKb = 0;
    let peakBytes = 0;
    const look = () => {
      peakKb = Math.max(peakKb, highWater(child.pid));
      if (watch !== undefined) peakBytes = Math.max(peakBytes, weigh(watch, skip));
    };
    const timer = setInterval(look, INTERVAL_MS);
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      if (watch !== undefined) peakBytes = Math.max(peakBytes, weigh(watch, skip));
      const seconds = (performance.now() - start) / 1000;
      if (code === 0) resolve({ seconds, peakMb: peakKb / 1024, peakBytes, stdout });
      else reject(new Error(`${command} ended with ${String(code)}`));
    });
  });
}

function highWater(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    // It has ended.
    return 0;
  }
}

/** Bytes of all files below a directory, as far as they stay while we look. */
function weigh(directory, skip) {
  let total = 0;
  for (const entry of list(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) total += entry.name === skip ? 0 : weigh(path, skip);
    else if (entry.isFile()) total += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}

function list(directory) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // It went away while we looked.
    return [];
  }
}
