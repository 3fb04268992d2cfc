import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { missingPeer } from './peers.ts';

/** Debian's dockerd, started by hand, with its own roots and no network of its own. */
export interface Daemon extends AsyncDisposable {
  readonly socket: string;
}

/** Undefined where it cannot be started: then the test is skipped, or fails where peers are required. */
export async function startDockerd(t: TestContext, place: string): Promise<Daemon | undefined> {
  mkdirSync(place, { recursive: true });
  const socket = join(place, 'docker.sock');
  const roots = [
    '--data-root',
    join(place, 'data'),
    '--exec-root',
    join(place, 'exec'),
    '--pidfile',
    join(place, 'pid'),
  ];
  const child = spawn('dockerd', ['--bridge', 'none', '--iptables=false', ...roots, '--host', `unix://${socket}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => log.push(chunk));
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  for (let attempt = 0; attempt < ATTEMPTS && child.exitCode === null; attempt += 1) {
    if (existsSync(socket) && answers(socket)) return { socket, [Symbol.asyncDispose]: stop };
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  if (child.exitCode === null) await stop();
  missingPeer(t, `dockerd does not start here: ${Buffer.concat(log).toString().split('\n').slice(-3).join(' ')}`);
  return undefined;
}

const ATTEMPTS = 150;
const PAUSE_MS = 200;

function answers(socket: string): boolean {
  try {
    execFileSync('docker', ['--host', `unix://${socket}`, 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
