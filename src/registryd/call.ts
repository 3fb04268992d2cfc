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
  /** Whether the sender may pull from another repository too. */
  readonly mayPull: (repository: string) => Promise<boolean>;
  readonly ctx: Context;
}
