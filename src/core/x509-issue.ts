import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { Clock } from './clock.ts';

const generate = promisify(generateKeyPair);
const DAY_MS = 24 * 60 * 60 * 1000;
/** Certificates of a server for one run; clocks of its clients may differ. */
const LIFETIME_DAYS = 90;

/** All as PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
  /** The authority that signed it, whose key is forgotten: what a client has to trust. */
  readonly ca: string;
}

/** What differs from an ordinary certificate of a server: for tests of clients. */
export interface IssueOptions {
  /** Days from now on; default -1 and 90. */
  readonly validDays?: { readonly from: number; readonly to: number };
  /** Put another authority between the trusted one and the certificate. */
  readonly hasIntermediate?: boolean;
  /** For a client, which shows who it is. */
  readonly isClient?: boolean;
  /** Where the keys come from; default: each is new, which takes long. */
  readonly keys?: () => Promise<IssuerKeys>;
}

/**
 * A certificate for the hosts (names or addresses), signed by a new authority (RFC 5280). With an intermediate authority, its
 * certificate follows in `cert`.
 */
export async function issueCertificate(
  hosts: readonly string[],
  clock: Clock,
  options: IssueOptions = {},
): Promise<IssuedCertificate> {
  const hasMiddle = options.hasIntermediate === true;
  const { keys = newKeys } = options;
  const [root, own, between] = await Promise.all([keys(), keys(), hasMiddle ? keys() : undefined]);
  const name = `Slipway registry ${randomBytes(4).toString('hex')}`;
  const authority: Signer = { keys: root, name };
  const ca = sign(authorityRequest(authority), authority, clock);
  const middle: Signer | undefined =
    between === undefined ? undefined : { keys: between, name: `${name} intermediate` };
  const leaf = sign(
    leafRequest({ keys: own, name: hosts[0] ?? 'localhost' }, hosts, options),
    middle ?? authority,
    clock,
  );
  const chain = middle === undefined ? [leaf] : [leaf, sign(authorityRequest(middle), authority, clock)];
  return {
    cert: chain.map(pem).join(''),
    key: forge.pki.privateKeyToPem(own.privateKey).replaceAll('\r\n', '\n'),
    ca: pem(ca),
  };
}

/** Of one subject. */
export interface IssuerKeys {
  readonly publicKey: forge.pki.rsa.PublicKey;
  readonly privateKey: forge.pki.rsa.PrivateKey;
}

interface Signer {
  readonly keys: IssuerKeys;
  readonly name: string;
}

interface CertificateRequest {
  readonly subject: Signer;
  readonly extensions: readonly object[];
  readonly validDays: { readonly from: number; readonly to: number };
}

function authorityRequest(subject: Signer): CertificateRequest {
  const extensions = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ];
  return { subject, extensions, validDays: { from: -1, to: LIFETIME_DAYS } };
}

function leafRequest(subject: Signer, hosts: readonly string[], options: IssueOptions): CertificateRequest {
  const purpose = options.isClient === true ? { clientAuth: true } : { serverAuth: true };
  const extensions = [
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', ...purpose },
    { name: 'subjectAltName', altNames: hosts.map(alternativeName) },
  ];
  return { subject, extensions, validDays: options.validDays ?? { from: -1, to: LIFETIME_DAYS } };
}

function sign(
  { subject, extensions, validDays }: CertificateRequest,
  issuer: Signer,
  clock: Clock,
): forge.pki.Certificate {
  const made = forge.pki.createCertificate();
  made.publicKey = subject.keys.publicKey;
  // A first bit of 0 keeps the number positive.
  made.serialNumber = `01${randomBytes(15).toString('hex')}`;
  const now = clock.now().getTime();
  made.validity.notBefore = new Date(now + validDays.from * DAY_MS);
  made.validity.notAfter = new Date(now + validDays.to * DAY_MS);
  made.setExtensions([...extensions]);
  made.setSubject([{ name: 'commonName', value: subject.name }]);
  made.setIssuer([{ name: 'commonName', value: issuer.name }]);
  made.sign(issuer.keys.privateKey, forge.md.sha256.create());
  return made;
}

/** Keys are made by Node, whose generator is a hundred times as fast. */
export async function newKeys(): Promise<IssuerKeys> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { publicKey: forge.pki.publicKeyFromPem(publicKey), privateKey: forge.pki.privateKeyFromPem(privateKey) };
}

/** GeneralName: 2 = DNS name, 7 = IP address. */
function alternativeName(host: string): object {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host };
}

function pem(made: forge.pki.Certificate): string {
  return forge.pki.certificateToPem(made).replaceAll('\r\n', '\n');
}
