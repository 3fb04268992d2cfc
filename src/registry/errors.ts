import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import type { ErrorCode } from '../core/error-codes.ts';
import { SlipwayError, type ErrorOptions } from '../core/errors.ts';
import { displayUrl } from './http.ts';
import { describeRateLimit, rateLimitOf } from './rate-limit.ts';
import { registryCode, registryText } from './registry-text.ts';
import type { FoundCredentials } from './options.ts';
import type { RegistryAnswer, RegistryRequest, RegistrySession } from './session.ts';

const MAX_ERROR_BYTES = 64 * 1024;

/** What was asked for, for the message. */
export interface Subject {
  /** `image 127.0.0.1:5000/app:latest`, `blob sha256:… of 127.0.0.1:5000/app`. */
  readonly what: string;
  readonly action: 'read' | 'write' | 'delete';
  /** The code of a 404. */
  readonly missing: Extract<ErrorCode, 'IMAGE_NOT_FOUND' | 'BLOB_NOT_FOUND' | 'REGISTRY_ERROR'>;
}

/**
 * The error of a failed answer: 404 → `subject.missing`, 401 → `REGISTRY_UNAUTHORIZED`, 403 → `REGISTRY_DENIED`, others →
 * `REGISTRY_ERROR`; with the request, the status, what the registry said and where credentials were looked up. Consumes the body.
 */
export async function refusal(
  session: RegistrySession,
  { request, answer }: { readonly request: RegistryRequest; readonly answer: RegistryAnswer },
  subject: Subject,
  ctx: Context,
): Promise<SlipwayError> {
  const body = await errorBody(session, request, answer, ctx);
  const found = await session.authorizer.lookUp(request.access.repository, ctx);
  const fate = fateOfCredentials(found, session.authorizer.challenge()?.scheme, answer);
  const place =
    request.access.repository === '' ? session.registry : `${session.registry}/${request.access.repository}`;
  const code = registryCode(body);
  const retryAfter = answer.headers['retry-after'];
  const limit = rateLimitOf(answer.headers);
  const details: Readonly<Record<string, string>> = {
    ...(place === session.registry ? { registry: place } : { repository: place }),
    request: answer.request,
    ...(answer.isElsewhere ? { 'answered by': displayUrl(answer.url) } : {}),
    status: String(answer.status),
    ...registryText(body, session.authorizer.redact),
    ...(answer.status === 401 || answer.status === 403 || answer.status === 404
      ? {
          ...(request.access.scopes.length === 0 ? {} : { scope: request.access.scopes.join(' ') }),
          credentials: fate,
          ...(found.trace.length === 0 ? {} : { 'looked in': found.trace.join('; ') }),
        }
      : {}),
    ...(retryAfter === undefined ? {} : { 'retry after': retryAfter.slice(0, 40) }),
    ...(answer.status === 429 && limit !== undefined ? { 'rate limit': describeRateLimit(limit) } : {}),
  };
  if (answer.status === 400 && /HTTP request to an HTTPS server/i.test(details['registry says'] ?? ''))
    return new SlipwayError(
      'REGISTRY_UNREACHABLE',
      `${session.registry} speaks TLS and was spoken to over plain HTTP`,
      {
        details,
        hint: 'loopback and listed registries are spoken to over plain HTTP; use another name of the host for TLS',
      },
    );
  if (answer.isElsewhere && (answer.status === 401 || answer.status === 403))
    return new SlipwayError(
      answer.status === 401 ? 'REGISTRY_UNAUTHORIZED' : 'REGISTRY_DENIED',
      `${session.registry} led to ${answer.url.origin}, which refused to ${subject.action} ${subject.what}`,
      { details, hint: 'an address that the registry hands out has to work without its credentials; ask who runs it' },
    );
  const about = { registry: session.registry, place, isAnonymous: fate !== 'sent', code };
  const verdict = judge(about, answer.status, subject);
  return new SlipwayError(verdict.code, verdict.message, { details, ...verdict.options });
}

interface Verdict {
  readonly code: ErrorCode;
  readonly message: string;
  readonly options?: ErrorOptions;
}

interface Asked {
  readonly registry: string;
  /** With the repository, for those who look for its credentials. */
  readonly place: string;
  /** No credentials were sent. */
  readonly isAnonymous: boolean;
  /** The registry's own code. */
  readonly code: string | undefined;
}

function judge({ registry, place, isAnonymous, code }: Asked, status: number, subject: Subject): Verdict {
  const logIn: ErrorOptions = { hint: { kind: 'log-in', registry, place } };
  switch (status) {
    case 401:
      return {
        code: 'REGISTRY_UNAUTHORIZED',
        message: isAnonymous
          ? `${registry} refused to ${subject.action} ${subject.what} without credentials${subject.action === 'read' ? '; it may also not exist' : ''}`
          : `${registry} refused the credentials to ${subject.action} ${subject.what}`,
        options: logIn,
      };
    case 403:
      return {
        code: 'REGISTRY_DENIED',
        message: `${registry} denied access to ${subject.action} ${subject.what}`,
        options: logIn,
      };
    case 404:
      if (subject.action === 'write') break;
      return {
        code: subject.missing,
        message: `${subject.what} was not found`,
        options: code === 'NAME_UNKNOWN' ? { hint: 'the registry knows no repository of that name' } : {},
      };
    case 429:
      return {
        code: 'REGISTRY_ERROR',
        message: `${registry} limits requests and refused to ${subject.action} ${subject.what}`,
        options: { hint: isAnonymous ? { kind: 'log-in', registry, place } : 'wait, or use a mirror' },
      };
  }
  return {
    code: 'REGISTRY_ERROR',
    message: `${registry} answered ${String(status)} when asked to ${subject.action} ${subject.what}`,
  };
}

/** What became of the credentials that were found: an identity token is of no use where a password is asked for. */
function fateOfCredentials(
  { credentials }: FoundCredentials,
  scheme: string | undefined,
  { isElsewhere }: RegistryAnswer,
): string {
  if (credentials === undefined) return 'none';
  if (isElsewhere) return 'not sent to another origin';
  if (credentials.kind === 'bearer') return 'sent';
  if (scheme === undefined) return 'not sent: the registry asked for none';
  if (credentials.kind === 'identity' && scheme === 'basic')
    return 'not sent: the registry asks for a password, and there is only an identity token';
  return 'sent';
}

/** A HEAD has no body: the same is asked again as GET to hear the reason. */
async function errorBody(
  session: RegistrySession,
  request: RegistryRequest,
  answer: RegistryAnswer,
  ctx: Context,
): Promise<Uint8Array> {
  if (request.method !== 'HEAD') return shortBody(answer);
  await answer.discard();
  if (answer.status < 400 || answer.status >= 500 || answer.status === 429) return new Uint8Array();
  const again = await session.send({ ...request, method: 'GET', repeat: 'once' }, ctx);
  if (again.status >= 400) return shortBody(again);
  await again.discard();
  return new Uint8Array();
}

/** The body, or as much as is worth showing; a body that breaks off is no error of its own here. */
async function shortBody(answer: RegistryAnswer): Promise<Uint8Array> {
  try {
    return await collect(answer.body, MAX_ERROR_BYTES, 'the error body');
  } catch {
    // The status is the news; its explanation could not be read.
    return new Uint8Array();
  }
}
