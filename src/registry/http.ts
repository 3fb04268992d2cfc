/** One HTTP exchange as data: what `transport.ts` carries out and everything else here builds on. */
export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A body that can be sent again from the start: what a retry and a redirect need. */
export type HttpBody =
  /** `isSecret`: holds a credential, so it never goes to another origin. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly isSecret?: boolean }
  | {
      readonly kind: 'stream';
      readonly size: number;
      readonly open: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
    };

/** Header names in lower case; a repeated header's values joined with `, `. */
export type Headers = Readonly<Record<string, string>>;

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers: Headers;
  readonly body?: HttpBody;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Read it to the end, break out of it, or `discard`: a body left alone blocks its connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads a short rest so that the connection can serve again, or closes it. Safe when the body was read already. */
  readonly discard: () => Promise<void>;
}

/** Sends one request; no retry, no redirect. Throws what the network threw, or what the body's source threw. */
export interface Transport extends AsyncDisposable {
  readonly send: (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;
}

/** An URL for messages: without query and fragment, which may hold signatures, and without user info. */
export function displayUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** `GET /v2/app/blobs/sha256:…`: without the query, which may hold a signature or a session's state. */
export function requestName(request: HttpRequest): string {
  return `${request.method} ${request.url.pathname}`;
}
