import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer.ts';

/** Something that goes wrong with one answer. */
export type Fault =
  /** This answer instead of the real one. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  /** The real answer with other headers; '' removes one. A function makes them of the real ones. */
  | {
      readonly kind: 'headers';
      readonly headers:
        | Readonly<Record<string, string>>
        | ((real: Readonly<Record<string, string>>) => Readonly<Record<string, string>>);
    }
  /** The real answer's headers over another body. */
  | { readonly kind: 'body'; readonly body: Uint8Array }
  /** The connection ends after so many bytes of the real body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The server takes so many bytes of the request's body; then the connection ends without an answer. */
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  /** The connection ends without an answer. */
  | { readonly kind: 'close' }
  /** The real answer, later. */
  | { readonly kind: 'delay'; readonly ms: number };

/** What is sent instead of an answer: another answer, a cut one, or nothing. */
export type Outcome =
  { readonly kind: 'answer'; readonly answer: Answer; readonly cutAfter?: number } | { readonly kind: 'close' };

/** Applies a fault; `real` makes the real answer, when that is needed at all, from as many bytes of the body as it is told. */
export async function applyFault(
  fault: Fault | undefined,
  real: (cutRequestAfter?: number) => Promise<Answer>,
): Promise<Outcome> {
  switch (fault?.kind) {
    case undefined:
      return { kind: 'answer', answer: await real() };
    case 'close':
      return { kind: 'close' };
    case 'answer': {
      const body = Buffer.from(fault.body ?? '');
      const headers = { 'content-length': String(body.byteLength), ...fault.headers };
      return { kind: 'answer', answer: { status: fault.status, headers, body } };
    }
    case 'headers': {
      const answer = await real();
      const changed = typeof fault.headers === 'function' ? fault.headers(answer.headers) : fault.headers;
      return { kind: 'answer', answer: { ...answer, headers: { ...answer.headers, ...changed } } };
    }
    case 'body': {
      const answer = await real();
      const headers = { ...answer.headers, 'content-length': String(fault.body.byteLength) };
      return { kind: 'answer', answer: { ...answer, headers, body: fault.body } };
    }
    case 'cut':
      return { kind: 'answer', answer: await real(), cutAfter: fault.afterBytes };
    case 'cut-request':
      await real(fault.afterBytes);
      return { kind: 'close' };
    case 'delay':
      await sleep(fault.ms);
      return { kind: 'answer', answer: await real() };
  }
}
