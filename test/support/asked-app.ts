import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseObject } from './build-runs.ts';

/** One answer of the sample web app. */
export interface AppAnswer {
  readonly status: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

const START_MS = 30_000;

/** Variables of the app: any free port of this machine, which it prints. */
export const APP_PORT: Readonly<Record<string, string>> = { PORT: '0', HOST: '127.0.0.1' };

/** Starts a container of the sample web app by a command that stays in front, asks it once over HTTP, and stops it by SIGTERM. */
export async function askApp(
  [program, ...args]: readonly [string, ...string[]],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<AppAnswer> {
  const env = { PATH: process.env['PATH'] ?? '', ...options.env };
  const child = spawn(program, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const printed: string[] = [];
  const listening = new Promise<string>((resolve, reject) => {
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on('line', (line) => {
        printed.push(line);
        const port = /listening on port (\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(port);
      });
    const gone = (): void => reject(new Error(`${program} ended without an app:\n${printed.join('\n')}`));
    closed.then(gone, reject);
    AbortSignal.timeout(START_MS).addEventListener('abort', gone);
  });
  try {
    const response = await fetch(`http://127.0.0.1:${await listening}/`, { signal: AbortSignal.timeout(START_MS) });
    return { status: response.status, facts: parseObject(await response.text()) };
  } finally {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await closed;
    clearTimeout(timer);
  }
}

/** The app runs as the image of the samples says: its packages are found, exec.d and profile.d ran. */
export function assertAnswered({ status, facts }: AppAnswer): void {
  assert.equal(status, 200);
  assert.match(String(facts['message']), /^Hello/);
  assert.match(String(facts['fromExecD']), /^exec\.d says hello/);
  assert.equal(facts['nodeEnv'], 'production');
}
