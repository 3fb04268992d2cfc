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

/** A certificate for the hosts (names or addresses), signed by a new authority (RFC 5280). */
export async function issueCertificate(hosts: readonly string[], clock: Clock): Promise<IssuedCertificate> {
  const [authority, server] = await Promise.all([newKeys(), newKeys()]);
  const issuer = [{ name: 'commonName', value: `Slipway registry ${randomBytes(4).toString('hex')}` }];
  const ca = certificate(authority.publicKey, clock, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  ca.setSubject(issuer);
  ca.setIssuer(issuer);
  ca.sign(authority.privateKey, forge.md.sha256.create());
  const leaf = certificate(server.publicKey, clock, [
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: hosts.map(alternativeName) },
  ]);
  leaf.setSubject([{ name: 'commonName', value: hosts[0] ?? 'localhost' }]);
  leaf.setIssuer(issuer);
  leaf.sign(authority.privateKey, forge.md.sha256.create());
  return {
    cert: pem(leaf),
    key: forge.pki.privateKeyToPem(server.privateKey).replaceAll('\r\n', '\n'),
    ca: pem(ca),
  };
}

/** Keys are made by Node, whose generator is a hundred times as fast. */
async function newKeys(): Promise<{ publicKey: forge.pki.rsa.PublicKey; privateKey: forge.pki.rsa.PrivateKey }> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { publicKey: forge.pki.publicKeyFromPem(publicKey), privateKey: forge.pki.privateKeyFromPem(privateKey) };
}

function certificate(
  publicKey: forge.pki.rsa.PublicKey,
  clock: Clock,
  extensions: readonly object[],
): forge.pki.Certificate {
  const made = forge.pki.createCertificate();
  made.publicKey = publicKey;
  // A first bit of 0 keeps the number positive.
  made.serialNumber = `01${randomBytes(15).toString('hex')}`;
  const now = clock.now().getTime();
  made.validity.notBefore = new Date(now - DAY_MS);
  made.validity.notAfter = new Date(now + LIFETIME_DAYS * DAY_MS);
  made.setExtensions([...extensions]);
  return made;
}

/** GeneralName: 2 = DNS name, 7 = IP address. */
function alternativeName(host: string): object {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host };
}

function pem(made: forge.pki.Certificate): string {
  return forge.pki.certificateToPem(made).replaceAll('\r\n', '\n');
}
