// Starts the app in a container, asks it once over HTTP, and stops it.
import { createInterface } from 'node:readline';
import { startContainer } from './starters.mjs';

const START_MS = 30_000;
const STOP_MS = 5_000;

/** `{status, answer, ms}`: the answer is its JSON, `ms` the time from start to answer. Throws with what the app printed. */
export async function askApp(starter, container) {
  const start = performance.now();
  // The app takes any free port and says which.
  const env = { ...container.env, PORT: '0', HOST: '127.0.0.1' };
  const child = startContainer(starter, { ...container, env });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const printed = [];
  try {
    const port = await listeningPort(child, printed);
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(START_MS) });
    return { status: response.status, answer: await response.json(), ms: performance.now() - start };
  } catch (error) {
    throw new Error([`the app did not answer: ${error.message}`, ...printed].join('\n  '), { cause: error });
  } finally {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

function listeningPort(child, printed) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it did not listen in time')), START_MS);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${code ?? signal}`));
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        printed.push(line);
        const found = /listening on port (\d+)/.exec(line)?.[1];
        if (found !== undefined) {
          clearTimeout(timer);
          resolve(found);
        }
      });
    }
  });
}
