import type { Context } from '../core/context.ts';
import type { RegistryBackend } from './backend.ts';
import type { UploadSessions } from './sessions.ts';

/** One request as the handlers see it. */
export interface Call {
  readonly method: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
  readonly backend: RegistryBackend;
  readonly sessions: UploadSessions;
  readonly ctx: Context;
}
