import { messageOf, SlipwayError } from '../core/errors.ts';
import { displayUrl } from './http.ts';

/** Why no answer came, told apart for people and for the retry. */
export interface NetworkFailure {
  readonly text: string;
  readonly isPassing: boolean;
  /** What to do, when it is known better than by the kind. */
  readonly hint?: string;
  /** Facts for the error: which certificate, which proxy. */
  readonly details?: Readonly<Record<string, string>>;
  readonly kind:
    'refused' | 'name' | 'timeout' | 'cut' | 'certificate' | 'tls' | 'plain-http' | 'not-http' | 'proxy' | 'other';
}

/** A failure that was recognised where it happened. */
export class NetworkError extends Error {
  readonly failure: NetworkFailure;

  constructor(failure: NetworkFailure, cause?: unknown) {
    super(failure.text, cause === undefined ? undefined : { cause });
    this.name = 'NetworkError';
    this.failure = failure;
  }
}

const BY_CODE: Readonly<Record<string, NetworkFailure>> = {
  ECONNREFUSED: { kind: 'refused', text: 'the connection was refused', isPassing: true },
  ENOTFOUND: { kind: 'name', text: 'the host name could not be resolved', isPassing: false },
  EAI_AGAIN: { kind: 'name', text: 'the host name could not be resolved at the moment', isPassing: true },
  ETIMEDOUT: { kind: 'timeout', text: 'the connection timed out', isPassing: true },
  UND_ERR_CONNECT_TIMEOUT: { kind: 'timeout', text: 'no connection within 15 s', isPassing: true },
  UND_ERR_HEADERS_TIMEOUT: { kind: 'timeout', text: 'no answer in time', isPassing: true },
  UND_ERR_BODY_TIMEOUT: { kind: 'timeout', text: 'the answer stopped in the middle', isPassing: true },
  ECONNRESET: { kind: 'cut', text: 'the connection was cut', isPassing: true },
  ECONNABORTED: { kind: 'cut', text: 'the connection was cut', isPassing: true },
  EPIPE: { kind: 'cut', text: 'the connection was cut', isPassing: true },
  UND_ERR_SOCKET: { kind: 'cut', text: 'the connection was cut', isPassing: true },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { kind: 'cut', text: 'the answer was shorter than announced', isPassing: true },
  EHOSTUNREACH: { kind: 'other', text: 'there is no route to the host', isPassing: true },
  ENETUNREACH: { kind: 'other', text: 'the network is unreachable', isPassing: true },
  ENETDOWN: { kind: 'other', text: 'the network is down', isPassing: true },
  CERT_HAS_EXPIRED: { kind: 'certificate', text: 'its certificate has expired', isPassing: false },
  CERT_NOT_YET_VALID: { kind: 'certificate', text: 'its certificate is not valid yet', isPassing: false },
  DEPTH_ZERO_SELF_SIGNED_CERT: { kind: 'certificate', text: 'its certificate is self-signed', isPassing: false },
  SELF_SIGNED_CERT_IN_CHAIN: { kind: 'certificate', text: 'its certificate chain is self-signed', isPassing: false },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted(),
  UNABLE_TO_GET_ISSUER_CERT: untrusted(),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted(),
  ERR_TLS_CERT_ALTNAME_INVALID: {
    kind: 'certificate',
    text: 'its certificate is for another host',
    isPassing: false,
  },
};

const CLIENT_CERTIFICATE: NetworkFailure = {
  kind: 'tls',
  text: 'it asks for a client certificate and took none of ours',
  isPassing: false,
  hint: 'put it and its key as client.cert and client.key into ~/.config/containers/certs.d/HOST[:PORT]/',
};

/** The failure behind what a request threw; undefined for errors that are none of the network's. */
export function networkFailure(error: unknown): NetworkFailure | undefined {
  if (error instanceof NetworkError) return error.failure;
  if (!(error instanceof Error) || error instanceof SlipwayError) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (known !== undefined) return known;
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    if (
      /certificate.required|handshake failure.*certificate|bad certificate/i.test(
        `${code.replaceAll('_', ' ')} ${error.message}`,
      )
    )
      return CLIENT_CERTIFICATE;
    return /wrong version number|packet length too long|http request/i.test(error.message)
      ? { kind: 'plain-http', text: 'it speaks plain HTTP', isPassing: false }
      : { kind: 'tls', text: `the TLS handshake failed (${messageOf(error).slice(0, 120)})`, isPassing: false };
  }
  if (code.startsWith('HPE_') || error.name === 'HTTPParserError')
    return { kind: 'not-http', text: 'it does not speak plain HTTP (it may speak TLS)', isPassing: false };
  return networkFailure(error.cause);
}

/** `REGISTRY_UNREACHABLE` (or `REGISTRY_INSECURE`, when only plain HTTP is spoken there) for a host; other errors as they are. */
export function unreachable(error: unknown, registry: string, url: URL, request: string): unknown {
  const failure = networkFailure(error);
  if (failure === undefined) return error;
  if (failure.kind === 'plain-http') {
    return new SlipwayError('REGISTRY_INSECURE', `${registry} speaks plain HTTP only, which is not allowed for it`, {
      details: { request },
      hint: { kind: 'allow-insecure', registry },
      cause: error,
    });
  }
  return new SlipwayError('REGISTRY_UNREACHABLE', `${registry} could not be reached: ${failure.text}`, {
    details: { request, address: displayUrl(url), ...failure.details },
    hint: failure.hint ?? hintFor(failure, registry),
    cause: error,
  });
}

function hintFor(failure: NetworkFailure, registry: string): string {
  switch (failure.kind) {
    case 'certificate':
      return 'name a file with the issuing CA: --ca-file FILE, or SLIPWAY_CA_FILE';
    case 'name':
      return `check the spelling of ${registry} and the name servers`;
    case 'refused':
      return `check that a server is running at ${registry}`;
    case 'not-http':
      return 'loopback and listed registries are spoken to over plain HTTP; use another name of the host for TLS';
    case 'timeout':
    case 'cut':
    case 'tls':
    case 'plain-http':
    case 'proxy':
    case 'other':
      return 'check the network and try again';
  }
}

function untrusted(): NetworkFailure {
  return { kind: 'certificate', text: 'the issuer of its certificate is not trusted', isPassing: false };
}
