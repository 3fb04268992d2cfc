import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { once } from 'node:events';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { isStandardStream, parseLocation, type Location } from '../../oci/location.ts';
import type { CommandValues } from '../../options/command-values.ts';
import type { RegistryBackend } from '../../registryd/backend.ts';
import {
  archiveBackend,
  folderRepository,
  htpasswdUsers,
  layoutBackend,
  serveRegistry,
  type ServeOptions,
} from '../../registryd/serve.ts';
import { openArchive } from '../../store/archive/archive-source.ts';
import type { Terminal } from '../../term/terminal.ts';

/** `slipway registry serve [DIR|LOCATION]`: prints the URL, and the authority to trust, and answers until it is stopped. */
export async function runServeCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const listen = values.text('listen') ?? '127.0.0.1:5000';
  const secured = await tlsOf(values, listen, ctx);
  const htpasswd = values.text('htpasswd');
  const auth =
    htpasswd === undefined
      ? {}
      : { auth: { kind: 'basic', users: htpasswdUsers(await readText(htpasswd), htpasswd) } as const };
  await using backend = await openBackend(values.positionals[0] ?? '.', ctx);
  await using server = await serveRegistry(backend.backend, ctx, {
    listen,
    readOnly: values.boolean('read-only'),
    ...auth,
    ...(secured === undefined ? {} : { tls: secured.tls }),
    onRequest: ({ method, path, status }) =>
      ctx.emit({ type: 'log', level: 'info', message: `${method} ${path} ${String(status)}` }),
  });
  if (!isLoopback(server.host) && htpasswd === undefined && !values.boolean('read-only')) {
    ctx.emit({
      type: 'warning',
      code: 'REGISTRY_OPEN',
      message: `anybody who reaches ${server.host} can push here: add --htpasswd FILE or --read-only, or listen on 127.0.0.1`,
    });
  }
  terminal.out(`${server.url}\n${secured?.ca ?? ''}`);
  if (!ctx.signal.aborted) await once(ctx.signal, 'abort');
  return 0;
}

interface OpenedBackend extends AsyncDisposable {
  readonly backend: RegistryBackend;
}

/** A word without scheme is a layout directory, made by the first push. */
async function openBackend(text: string, ctx: Context): Promise<OpenedBackend> {
  const location: Location = /^(?:oci|oci-archive|docker-archive|docker|docker-daemon):/.test(text)
    ? parseLocation(text)
    : { kind: 'oci', dir: resolve(text) };
  switch (location.kind) {
    case 'oci':
      if (location.ref !== undefined || location.digest !== undefined) throw wholeOnly(text);
      return { backend: layoutBackend(resolve(location.dir)), [Symbol.asyncDispose]: () => Promise.resolve() };
    case 'oci-archive':
    case 'docker-archive': {
      if (location.ref !== undefined || location.digest !== undefined) throw wholeOnly(text);
      if (isStandardStream(location)) throw cannotServe(text, 'save it as a file first');
      const source = await openArchive(location.file, ctx);
      const folder = folderRepository(location.file.replace(/(?:\.tar)?(?:\.gz|\.tgz)?$/, ''));
      return { backend: archiveBackend(source, folder), [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
    }
    case 'registry':
    case 'docker-daemon':
      throw cannotServe(text, 'name a layout directory, oci-archive:FILE or docker-archive:FILE');
  }
}

function wholeOnly(text: string): SlipwayError {
  return cannotServe(text, 'leave out the name and the digest: all images of a layout or archive are served');
}

function cannotServe(text: string, hint: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `${text} cannot be served`, { exit: 3, hint });
}

interface Secured {
  readonly tls: NonNullable<ServeOptions['tls']>;
  /** PEM, for the screen. */
  readonly ca?: string;
}

async function tlsOf(values: CommandValues, listen: string, ctx: Context): Promise<Secured | undefined> {
  const [cert, key] = [values.text('tls-cert'), values.text('tls-key')];
  if (values.boolean('tls-self-signed')) {
    if (cert !== undefined || key !== undefined)
      throw new SlipwayError('ARGUMENT_INVALID', '--tls-self-signed makes its own certificate', {
        exit: 3,
        hint: 'give either it or --tls-cert and --tls-key',
      });
    const { issueCertificate } = await import('../../core/x509-issue.ts');
    const { ca, ...tls } = await issueCertificate(hostsOf(listen), ctx.clock);
    return { tls, ca };
  }
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'HTTPS needs both --tls-cert and --tls-key', { exit: 3 });
  return { tls: { cert: await readText(cert), key: await readText(key) } };
}

/** The names under which the server is asked: where it listens, and this machine. */
function hostsOf(listen: string): readonly string[] {
  const host = listen.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const own = ['localhost', '127.0.0.1', '::1'];
  return host === '' || host === '0.0.0.0' || host === '::' || own.includes(host) ? own : [host, ...own];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) throw error;
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${path}`, { cause: error });
  }
}
