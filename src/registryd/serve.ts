import type { Context } from '../core/context.ts';
import type { ServerAuth } from './auth.ts';
import type { RegistryBackend } from './backend.ts';
import type { Fault } from './fault.ts';

export { layoutBackend } from './layout-backend.ts';
export { memoryBackend } from './memory-backend.ts';

export interface RegistryServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
}

export interface RequestLine {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly status: number;
}

/** What a request looks like before it is answered. */
export interface ServerRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ServeOptions {
  /** `host:port`; default `127.0.0.1:0`. */
  readonly listen?: string;
  readonly readOnly?: boolean;
  readonly auth?: ServerAuth;
  /** Called after each answer. */
  readonly onRequest?: (request: RequestLine) => void;
  /** A fault for this request, for tests. */
  readonly intercept?: (request: ServerRequest) => Fault | undefined;
}

export function serveRegistry(
  backend: RegistryBackend,
  ctx: Context,
  options: ServeOptions = {},
): Promise<RegistryServer> {
  throw new Error(`not yet: ${backend.description} ${String(options.listen)} ${ctx.tmp}`);
}
