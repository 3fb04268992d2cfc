import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { isOutOfReach } from '../core/out-of-reach.ts';
import { parseCertificates } from './tls-pem.ts';

/** What a directory of certs.d says of one host. */
export interface HostCertificates {
  readonly directory: string;
  /** PEM of authorities that are trusted for this host. */
  readonly authorities: readonly string[];
  /** What we show when the host asks who we are. */
  readonly clients: readonly { readonly cert: string; readonly key: string }[];
}

/**
 * Reads `<directory>/<host[:port]>/`: `*.crt` are authorities, `NAME.cert` with `NAME.key` our own certificate. The first directory
 * that knows one of the names counts. Throws `FILE_NOT_READABLE`, `FILE_INVALID`.
 */
export async function readCertificateDirectory(
  directories: readonly string[],
  names: readonly string[],
): Promise<HostCertificates | undefined> {
  for (const parent of directories) {
    for (const name of names) {
      const found = await readHost(join(parent, name));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Whether a directory is there for this very `host[:port]`. */
export function hasCertificateDirectory(directories: readonly string[], registry: string): boolean {
  return directories.some((parent) => existsSync(join(parent, registry)));
}

async function readHost(directory: string): Promise<HostCertificates | undefined> {
  let names: readonly string[];
  try {
    names = [...(await readdir(directory))].sort();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR') || isOutOfReach(directory, error)) return undefined;
    throw unreadable(directory, error);
  }
  const authorities = names.filter((name) => name.endsWith('.crt')).map((name) => join(directory, name));
  const certificates = names.filter((name) => name.endsWith('.cert')).map((name) => name.slice(0, -'.cert'.length));
  const lonely = names.find((name) => name.endsWith('.key') && !certificates.includes(name.slice(0, -'.key'.length)));
  if (lonely !== undefined) throw incomplete(join(directory, lonely), '.key', '.cert');
  return {
    directory,
    authorities: await Promise.all(
      authorities.map(async (file) => parseCertificates(await read(file), file).join('\n')),
    ),
    clients: await Promise.all(
      certificates.map(async (name) => {
        const file = join(directory, `${name}.cert`);
        if (!names.includes(`${name}.key`)) throw incomplete(file, '.cert', '.key');
        const cert = parseCertificates(await read(file), file).join('\n');
        return { cert, key: await read(join(directory, `${name}.key`)) };
      }),
    ),
  };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): SlipwayError {
  return new SlipwayError('FILE_NOT_READABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
}

function incomplete(file: string, has: string, lacks: string): SlipwayError {
  return new SlipwayError('FILE_INVALID', `${file} has no ${lacks} beside it`, {
    details: { file },
    hint: `a client certificate is two files of one name, ${has} and ${lacks}; an authority ends in .crt`,
  });
}
