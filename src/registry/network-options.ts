import { isAbsolute, join, resolve } from 'node:path';
import { SlipwayError } from '../core/errors.ts';

/** How registries are reached, as one record for every role. It names files; they are read at the first connection that needs them. */
export interface NetworkOptions {
  /** PEM files of authorities that are trusted besides those of Node (which reads NODE_EXTRA_CA_CERTS itself), for every registry. They must be there. */
  readonly caFiles: readonly string[];
  /** The same, of the machine: the first that is there counts. */
  readonly systemCaFiles: readonly string[];
  /** Directories of PEM files of authorities (SSL_CERT_DIR). */
  readonly caDirectories: readonly string[];
  /** Directories of `<host[:port]>/{*.crt, *.cert, *.key}`; the first that knows a host counts. */
  readonly certsDirectories: readonly string[];
  readonly proxy: ProxyVariables;
  /** registries.conf: the first of `files` that is there, then all of `directories`. */
  readonly registriesConf: RegistriesConfPlaces;
  /** How long a registry may be silent; absent: the defaults of each step. */
  readonly timeoutMs?: number;
  /** A file that requests and answers are written to; `-` is standard error. */
  readonly traceHttp?: string;
}

export interface ProxyVariables {
  readonly http?: ProxyVariable;
  readonly https?: ProxyVariable;
  readonly all?: ProxyVariable;
  /** NO_PROXY as it is. */
  readonly no: string;
}

export interface ProxyVariable {
  /** As it was found: `https_proxy`. */
  readonly name: string;
  readonly value: string;
}

export interface RegistriesConfPlaces {
  readonly files: readonly string[];
  readonly directories: readonly string[];
  /** A file that was named and is not there is an error. */
  readonly isNamed: boolean;
}

/** What a command line may say; each wins over its variable. */
export interface NetworkFlags {
  readonly caFiles?: readonly string[];
  /** `30`, `90s`, `5m`. */
  readonly timeout?: string;
  readonly traceHttp?: string;
}

interface NetworkPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly cwd: string;
}

/** Where Linux distributions keep the authorities that the machine's owner trusts. */
const SYSTEM_CA_FILES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Nothing is asked of the machine: no proxy, no file but Node's own authorities. */
export const NO_NETWORK_OPTIONS: NetworkOptions = {
  caFiles: [],
  systemCaFiles: [],
  caDirectories: [],
  certsDirectories: [],
  proxy: { no: '' },
  registriesConf: { files: [], directories: [], isNamed: false },
};

/** From flags, variables and the usual places (docs/guides/network.md). Throws `ARGUMENT_INVALID`. */
export function readNetworkOptions({ env, home, cwd }: NetworkPlace, flags: NetworkFlags = {}): NetworkOptions {
  const value = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const listed = (value('SLIPWAY_CA_FILE') ?? '').split(',').filter((file) => file !== '');
  const sslCertFile = value('SSL_CERT_FILE');
  const timeout = flags.timeout ?? value('SLIPWAY_TIMEOUT');
  const traceHttp = flags.traceHttp ?? value('SLIPWAY_TRACE_HTTP');
  const config = value('XDG_CONFIG_HOME') ?? (home === undefined ? undefined : join(home, '.config'));
  const own = (name: string): readonly string[] => (config === undefined ? [] : [join(config, 'containers', name)]);
  return {
    caFiles: [...new Set(flags.caFiles ?? listed)].map((file) => resolve(cwd, file)),
    systemCaFiles: sslCertFile === undefined ? SYSTEM_CA_FILES : [resolve(cwd, sslCertFile)],
    caDirectories: (value('SSL_CERT_DIR') ?? '').split(':').filter(isAbsolute),
    certsDirectories: [...own('certs.d'), '/etc/containers/certs.d', '/etc/docker/certs.d'],
    proxy: readProxyVariables(value),
    registriesConf: registriesConfPlaces(value('CONTAINERS_REGISTRIES_CONF'), own, cwd),
    ...(timeout === undefined ? {} : { timeoutMs: parseTimeout(timeout) }),
    ...(traceHttp === undefined ? {} : { traceHttp: traceHttp === '-' ? '-' : resolve(cwd, traceHttp) }),
  };
}

function registriesConfPlaces(
  named: string | undefined,
  own: (name: string) => readonly string[],
  cwd: string,
): RegistriesConfPlaces {
  if (named !== undefined) return { files: [resolve(cwd, named)], directories: [], isNamed: true };
  return {
    files: [...own('registries.conf'), '/etc/containers/registries.conf'],
    directories: ['/etc/containers/registries.conf.d', ...own('registries.conf.d')],
    isNamed: false,
  };
}

/** Capital letters win, as in Go's programs. */
function readProxyVariables(value: (name: string) => string | undefined): ProxyVariables {
  const variable = (upper: string): ProxyVariable | undefined => {
    const name = [upper, upper.toLowerCase()].find((candidate) => value(candidate) !== undefined);
    return name === undefined ? undefined : { name, value: value(name) ?? '' };
  };
  const [http, https, all] = [variable('HTTP_PROXY'), variable('HTTPS_PROXY'), variable('ALL_PROXY')];
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    ...(all === undefined ? {} : { all }),
    no: variable('NO_PROXY')?.value ?? '',
  };
}

function parseTimeout(text: string): number {
  const match = /^(\d{1,6})(s|m)?$/.exec(text.trim());
  const seconds = Number(match?.[1]) * (match?.[2] === 'm' ? 60 : 1);
  if (match === null || seconds < 1)
    throw new SlipwayError('ARGUMENT_INVALID', `the timeout "${text.slice(0, 40)}" is not a number of seconds`, {
      hint: 'write --timeout 120, or 2m',
    });
  return seconds * 1000;
}
