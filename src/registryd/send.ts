import type { ServerResponse } from 'node:http';
import { streamOf } from '../core/bytes.ts';
import type { Answer } from './answer.ts';

/** Sends an answer; ends early, with the connection, when it is to be cut after so many bytes or its body fails. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  method: string,
  cutAfter?: number,
): Promise<void> {
  for (const [name, value] of Object.entries(answer.headers)) if (value !== '') response.setHeader(name, value);
  if (answer.status === 204 || answer.status === 304) response.removeHeader('content-length');
  response.writeHead(answer.status);
  if (method === 'HEAD' || answer.body === undefined) {
    response.end();
    return;
  }
  const body = answer.body instanceof Uint8Array ? streamOf(answer.body) : answer.body;
  try {
    const wasCut = await writeBody(response, body, cutAfter ?? Number.POSITIVE_INFINITY);
    if (wasCut) response.destroy();
    else response.end();
  } catch (error) {
    // Too late for another status: a cut connection tells the client that the bytes are not whole.
    response.destroy();
    throw error;
  }
}

/** True when the body was longer than `limit` and only that much was written. */
async function writeBody(response: ServerResponse, body: AsyncIterable<Uint8Array>, limit: number): Promise<boolean> {
  let left = limit;
  for await (const chunk of body) {
    if (response.destroyed) return false;
    const part = chunk.byteLength > left ? chunk.subarray(0, left) : chunk;
    left -= part.byteLength;
    if (!response.write(part)) await drained(response);
    if (part.byteLength < chunk.byteLength) return true;
  }
  return false;
}

/** Waits until more can be written, or the client is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
}
