import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { NetworkError, type NetworkFailure } from './network-error.ts';

/** What we know of the connection whose certificate was refused. */
export interface RefusedPeer {
  readonly socket: TLSSocket;
  /** Code of OpenSSL or Node: `CERT_HAS_EXPIRED`. */
  readonly code: string;
  readonly hostname: string;
  readonly port: number;
  readonly now: Date;
}

const MAX_CHAIN = 10;

/** Empty where the peer sent none, against Node's types. */
type SentCertificate = Partial<DetailedPeerCertificate> | undefined;

/** Why a certificate chain was refused: which certificate, whose, by whom, from when to when, and what to do. */
export function certificateError({ socket, code, hostname, port, now }: RefusedPeer): NetworkError {
  const chain = chainOf(socket.getPeerCertificate(true));
  const index = culprit(code, chain, now);
  const certificate = chain[index];
  const place = `${String(index + 1)} of ${String(chain.length)}`;
  const failure: NetworkFailure = {
    kind: 'certificate',
    text: textOf(code, hostname),
    isPassing: false,
    hint: hintOf(code, `${hostname}:${String(port)}`),
    details: {
      ...(certificate === undefined ? {} : factsOf(certificate, place, code)),
      ...(chain.length < 2 ? {} : { chain: chain.map(({ subject }) => oneLine(subject)).join(' < ') }),
      reason: code,
    },
  };
  return new NetworkError(failure);
}

function factsOf(certificate: X509Certificate, place: string, code: string): Readonly<Record<string, string>> {
  return {
    certificate: `${place}: ${oneLine(certificate.subject)}`,
    'issued by': oneLine(certificate.issuer),
    valid: `from ${day(certificate.validFrom)} to ${day(certificate.validTo)}`,
    ...(code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? { 'made for': oneLine(certificate.subjectAltName ?? certificate.subject).slice(0, 300) }
      : {}),
  };
}

/** The chain as the peer sent it, leaf first, and what we hold of its rest. */
function chainOf(peer: SentCertificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: SentCertificate = peer;
  // A peer without a certificate gives an empty object, a root names itself as its issuer.
  while (next?.raw instanceof Uint8Array && chain.length < MAX_CHAIN) {
    const certificate = new X509Certificate(next.raw);
    if (chain.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) break;
    chain.push(certificate);
    next = next.issuerCertificate;
  }
  return chain;
}

/** Which certificate of the chain it is about. */
function culprit(code: string, chain: readonly X509Certificate[], now: Date): number {
  const find = (test: (certificate: X509Certificate) => boolean): number => Math.max(0, chain.findIndex(test));
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return find(({ validTo }) => Date.parse(validTo) < now.getTime());
    case 'CERT_NOT_YET_VALID':
      return find(({ validFrom }) => Date.parse(validFrom) > now.getTime());
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return Math.max(0, chain.length - 1);
    default:
      return 0;
  }
}

function textOf(code: string, hostname: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'its certificate is self-signed';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is for another host than ${hostname}`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'the issuer of its certificate is not trusted';
    default:
      return `its certificate is refused (${code.slice(0, 60)})`;
  }
}

function hintOf(code: string, place: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'renew the certificate on the server, and check the clock of this machine';
    case 'CERT_NOT_YET_VALID':
      return 'check the clock of this machine';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'use a name that the certificate was made for';
    default:
      return `trust the issuer: --ca-file FILE (SLIPWAY_CA_FILE), or FILE as ~/.config/containers/certs.d/${place}/ca.crt`;
  }
}

/** Names come a part a line; what a stranger put into them must not move the terminal. */
function oneLine(name: string): string {
  return name
    .replace(/\n/g, ', ')
    .replace(/\p{Cc}/gu, '?')
    .slice(0, 400);
}

/** `Nov 23 12:00:00 2026 GMT` → `2026-11-23 12:00 UTC`. */
function day(date: string): string {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? date : `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
