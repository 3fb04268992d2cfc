// Runs a program and watches it: wall time, CPU seconds with all that it waited for, peak memory, and the most bytes it ever had in a
// directory. For Linux with bash.
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INTERVAL_MS = 15;
/** Where bash is whatever PATH says. */
const BASH = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash'].find((path) => existsSync(path));
/** Bash's own clock and its children's times, in milliseconds; the output of the program goes where it would. */
const SCRIPT = 'times=$1; shift; TIMEFORMAT="%3R %3U %3S"; { time "$@" >&3 2>&4; } 3>&1 4>&2 2>"$times"';

/**
 * `command`: program and arguments. `watch`: a directory to be weighed while it runs, `skip`: the name of directories in it that do not
 * count. Returns `{wall, cpu, peakMb, peakBytes, stdout, stderr}`; `wall` and `cpu` in seconds, `peakMb` of the largest of its processes.
 * A program that fails is an error with its last words, unless `mayFail`: then `code` tells.
 */
export async function measure(command, options = {}) {
  if (BASH === undefined) throw new Error('bash is not here: its clock measures CPU seconds');
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-times-'));
  try {
    const times = join(scratch, 'times');
    const run = await watched([BASH, '-c', SCRIPT, 'bash', times, ...command], options);
    if (run.code !== 0 && options.mayFail !== true) {
      throw new Error(
        `${command.join(' ')} ended with ${String(run.code)}: ${`${run.stdout}${run.stderr}`.trim().slice(-1000)}`,
      );
    }
    const [wall, user, system] = readFileSync(times, 'utf8').trim().split('\n').at(-1).split(' ').map(Number);
    return { ...run, wall, cpu: user + system };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** VmHWM only grows, so that the last look before the end is the peak. */
function watched([program, ...args], { watch, skip, env = process.env, cwd }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env, cwd });
    const output = { stdout: '', stderr: '' };
    let peakKb = 0;
    let peakBytes = 0;
    const look = () => {
      peakKb = Math.max(peakKb, ...below(child.pid).map(highWater));
      if (watch !== undefined) peakBytes = Math.max(peakBytes, weigh(watch, skip));
    };
    const timer = setInterval(look, INTERVAL_MS);
    for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => (output[name] += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      if (watch !== undefined) peakBytes = Math.max(peakBytes, weigh(watch, skip));
      resolve({ code, peakMb: peakKb / 1024, peakBytes, ...output });
    });
  });
}

/** The processes that a process has started, and theirs. */
function below(pid) {
  const path = `/proc/${String(pid)}/task/${String(pid)}/children`;
  const children = (readIfThere(path) ?? '').split(' ').filter((id) => id !== '');
  return children.flatMap((id) => [id, ...below(id)]);
}

/** Peak memory of a process in kB; 0 once it has ended. */
export function highWater(pid) {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readIfThere(`/proc/${String(pid)}/status`) ?? '')?.[1] ?? 0);
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return undefined;
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
