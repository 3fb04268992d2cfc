import { randomUUID } from 'node:crypto';
import { digester, type Algorithm, type Digest, type Digester } from '../oci/digest.ts';
import type { IncomingBlob } from './backend.ts';

/** An upload that was begun and not finished. */
export interface UploadSession {
  readonly id: string;
  readonly repository: string;
  readonly size: () => number;
  /** Appends a request's body. One at a time. */
  readonly append: (body: AsyncIterable<Uint8Array>) => Promise<void>;
  /** True when the bytes so far have that digest. */
  readonly matches: (digest: Digest) => boolean;
  readonly commit: (digest: Digest) => Promise<void>;
  readonly abort: () => void;
}

/** The uploads under way, by id. */
export interface UploadSessions {
  readonly begin: (repository: string, blob: IncomingBlob, algorithm: Algorithm) => UploadSession;
  readonly find: (repository: string, id: string) => UploadSession | undefined;
  readonly end: (session: UploadSession) => void;
  /** Drops every upload: when the server stops. */
  readonly abortAll: () => void;
}

export function createUploadSessions(): UploadSessions {
  const sessions = new Map<string, UploadSession>();
  return {
    begin: (repository, blob, algorithm) => {
      const session = createSession(repository, blob, digester(algorithm));
      sessions.set(session.id, session);
      return session;
    },
    find: (repository, id) => {
      const session = sessions.get(id);
      return session?.repository === repository ? session : undefined;
    },
    end: (session) => void sessions.delete(session.id),
    abortAll: () => {
      for (const session of sessions.values()) session.abort();
      sessions.clear();
    },
  };
}

function createSession(repository: string, blob: IncomingBlob, hash: Digester): UploadSession {
  let size = 0;
  let found: Digest | undefined;
  return {
    id: randomUUID(),
    repository,
    size: () => size,
    append: async (body) => {
      for await (const chunk of body) {
        hash.update(chunk);
        blob.write(chunk);
        size += chunk.byteLength;
      }
    },
    matches: (digest) => digest === (found ??= hash.digest()),
    commit: (digest) => blob.commit(repository, digest, size),
    abort: () => blob.abort(),
  };
}
