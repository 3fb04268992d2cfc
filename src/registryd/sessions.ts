import { randomUUID } from 'node:crypto';
import type { Context } from '../core/context.ts';
import { algorithmOf, digester, type Algorithm, type Digest } from '../oci/digest.ts';
import type { IncomingBlob } from './backend.ts';

/** An upload that nobody continues for so long is dropped when the next one begins. */
const IDLE_MS = 60 * 60 * 1000;

/** An upload that was begun and not finished. */
export interface UploadSession {
  readonly id: string;
  readonly repository: string;
  readonly size: () => number;
  /** Runs the task when the session's requests before it have ended: two at once would mix their bytes. */
  readonly exclusive: <T>(task: () => Promise<T>) => Promise<T>;
  /** Appends a request's body. What came before it broke off stays, so that the client can go on there. */
  readonly append: (body: AsyncIterable<Uint8Array>) => Promise<void>;
  /** True when the bytes so far have that digest. */
  readonly matches: (digest: Digest) => Promise<boolean>;
  readonly commit: (digest: Digest) => Promise<void>;
  readonly abort: () => void;
}

/** What a session begins with. */
interface NewSession {
  readonly repository: string;
  readonly blob: IncomingBlob;
  /** Hashed on the way; another one costs a second reading. */
  readonly algorithm: Algorithm;
}

/** The uploads under way, by id. */
export interface UploadSessions {
  readonly begin: (wanted: NewSession, ctx: Context) => UploadSession;
  readonly find: (repository: string, id: string, ctx: Context) => UploadSession | undefined;
  /** Drops the session and, unless it was committed, its bytes. */
  readonly end: (session: UploadSession) => void;
  /** Drops every upload: when the server stops. */
  readonly abortAll: () => void;
}

export function createUploadSessions(): UploadSessions {
  const sessions = new Map<string, { readonly session: UploadSession; usedMs: number }>();
  const end = (session: UploadSession): void => {
    sessions.delete(session.id);
    session.abort();
  };
  return {
    begin: (wanted, ctx) => {
      const now = ctx.clock.now().getTime();
      for (const { session, usedMs } of [...sessions.values()]) if (now - usedMs > IDLE_MS) end(session);
      const session = createSession(wanted);
      sessions.set(session.id, { session, usedMs: now });
      return session;
    },
    find: (repository, id, ctx) => {
      const found = sessions.get(id);
      if (found?.session.repository !== repository) return undefined;
      found.usedMs = ctx.clock.now().getTime();
      return found.session;
    },
    end,
    abortAll: () => {
      for (const { session } of [...sessions.values()]) end(session);
    },
  };
}

function createSession({ repository, blob, algorithm }: NewSession): UploadSession {
  const hash = digester(algorithm);
  let size = 0;
  let found: Digest | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return {
    id: randomUUID(),
    repository,
    size: () => size,
    exclusive: (task) => {
      const own = last.then(task, task);
      last = own.catch(() => undefined);
      return own;
    },
    append: async (body) => {
      for await (const chunk of body) {
        hash.update(chunk);
        blob.write(chunk);
        size += chunk.byteLength;
      }
    },
    matches: async (digest) => {
      if (algorithmOf(digest) === algorithm) return digest === (found ??= hash.digest());
      // An upload may begin without a digest, so that its algorithm is known at the end only.
      const other = digester(algorithmOf(digest));
      for await (const chunk of blob.read()) other.update(chunk);
      return digest === other.digest();
    },
    commit: (digest) => blob.commit(repository, digest, size),
    abort: () => blob.abort(),
  };
}
