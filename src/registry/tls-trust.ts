import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { parseCertificates, splitCertificates, unusable } from './tls-pem.ts';
import { readCertificateDirectory, type HostCertificates } from './tls-certs-d.ts';
import type { NetworkOptions } from './network-options.ts';

/** Who is trusted, and who we are, where TLS is spoken. */
export interface Trust {
  /** For a host as URLs write it, with its port. Files are read once; throws `FILE_NOT_FOUND`, `FILE_NOT_READABLE`, `FILE_INVALID`. */
  readonly contextFor: (hostname: string, port: number) => Promise<SecureContext>;
}

export function createTrust(network: NetworkOptions): Trust {
  let shared: Promise<readonly string[]> | undefined;
  const contexts = new Map<string, Promise<SecureContext>>();
  return {
    contextFor: (hostname, port) => {
      const key = `${hostname}:${String(port)}`;
      const known = contexts.get(key);
      if (known !== undefined) return known;
      shared ??= sharedAuthorities(network);
      const made = Promise.all([shared, certificatesOf(network, hostname, port)]).then(makeContext);
      contexts.set(key, made);
      return made;
    },
  };
}

/** Authorities that are trusted for every host, besides Node's own. */
async function sharedAuthorities(network: NetworkOptions): Promise<readonly string[]> {
  const named = await Promise.all(
    network.caFiles.map(async (file) => parseCertificates(await readNamed(file), file).join('\n')),
  );
  const directories = await Promise.all(network.caDirectories.map(readDirectory));
  return [...named, ...directories.flat(), ...(await systemBundle(network))];
}

async function systemBundle(network: NetworkOptions): Promise<readonly string[]> {
  for (const file of network.systemCaFiles) {
    const text = await readOptional(file);
    if (text !== undefined) return withoutRoots(splitCertificates(text));
  }
  return [];
}

function certificatesOf(
  network: NetworkOptions,
  hostname: string,
  port: number,
): Promise<HostCertificates | undefined> {
  const names = [`${hostname}:${String(port)}`, ...(port === 443 ? [hostname] : [])];
  return readCertificateDirectory(network.certsDirectories, names);
}

function makeContext([authorities, host]: readonly [readonly string[], HostCertificates | undefined]): SecureContext {
  const more = [...authorities, ...(host?.authorities ?? [])];
  const clients = host?.clients ?? [];
  try {
    const made = createSecureContext({
      minVersion: 'TLSv1.2',
      ...(clients.length === 0 ? {} : { cert: clients.map(({ cert }) => cert), key: clients.map(({ key }) => key) }),
    });
    addAuthorities(made, more);
    return made;
  } catch (error) {
    throw unusable(host?.directory ?? 'the certificates', messageOf(error), error);
  }
}

/**
 * Adds to Node's own authorities: `ca` would replace them (with NODE_EXTRA_CA_CERTS), and to hand all of them over again takes a fifth
 * of a second. It is what `createSecureContext` itself calls for each entry of `ca`.
 */
function addAuthorities({ context }: SecureContext, pems: readonly string[]): void {
  const native: unknown = context;
  if (pems.length === 0) return;
  if (!isAdder(native))
    throw new SlipwayError('NOT_SUPPORTED', 'this Node takes no authorities besides its own', {
      hint: 'name them in NODE_EXTRA_CA_CERTS',
    });
  native.addCACert(pems.join('\n'));
}

function isAdder(native: unknown): native is { readonly addCACert: (pem: string) => void } {
  return typeof native === 'object' && native !== null && 'addCACert' in native;
}

/** The machine's authorities are nearly all Node's: each one that is left out saves time. */
function withoutRoots(pems: readonly string[]): readonly string[] {
  const bare = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');
  const roots = new Set(rootCertificates.map(bare));
  return pems.filter((pem) => !roots.has(bare(pem)));
}

async function readNamed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const isMissing = isSystem(error, 'ENOENT', 'ENOTDIR');
    throw new SlipwayError(
      isMissing ? 'FILE_NOT_FOUND' : 'FILE_NOT_READABLE',
      `cannot read the CA file ${file}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** What a variable or a distribution names may be missing, as for other programs. */
async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) return undefined;
    throw error;
  }
}

/** Every certificate in the files of a directory; files of other kinds are passed over. */
async function readDirectory(directory: string): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
  const texts = await Promise.all([...names].sort().map((name) => readOptional(join(directory, name))));
  return texts.flatMap((text) => splitCertificates(text ?? ''));
}
