import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '../../src/core/error-codes.ts';
import type { Fault } from '../../src/registryd/fault.ts';
import type { FaultRule } from '../../src/registryd/fault-script.ts';
import { NEW, type FaultAddresses, type FaultBedOptions, type FaultedOperation } from './fault-bed.ts';
import { lineRows } from './fault-rows-lines.ts';
import { TLS_ROWS } from './fault-rows-tls.ts';
import { patternBytes } from './registry.ts';

/** One line of the fault matrix. */
export interface FaultRow {
  readonly group: string;
  readonly fault: string;
  /** Each is run in a world of its own. */
  readonly operations: readonly FaultedOperation[];
  /** Absent: it ends as if nothing had been. */
  readonly fails?: ErrorCode;
  /** Requests that the other origin has to see: the redirect was followed. */
  readonly reachesOther?: boolean;
  readonly bed: FaultBedOptions;
}

const MANIFEST = /\/manifests\//;
const BLOB = /\/blobs\/sha/;
const START = /\/blobs\/uploads\/(?:\?|$)/;
const FINISH = /\/blobs\/uploads\/[^?]/;
const READS: readonly FaultedOperation[] = ['resolve', 'pull', 'analyze'];
const ALL: readonly FaultedOperation[] = ['resolve', 'pull', 'push', 'analyze'];

export const FAULT_ROWS: readonly FaultRow[] = [
  ...limits(),
  ...authentication(),
  ...contents(),
  ...redirects(),
  ...uploads(),
  ...answers(),
  ...lineRows(),
  ...TLS_ROWS,
];

function limits(): readonly FaultRow[] {
  const group = 'Limits and overload';
  const again = (headers: Readonly<Record<string, string>>): FaultBedOptions =>
    every([MANIFEST, BLOB, START, FINISH], [1], answer(429, { headers }));
  return [
    { group, fault: '429 with Retry-After in seconds, once', operations: ALL, bed: again({ 'retry-after': '0' }) },
    {
      group,
      fault: '429 with Retry-After as a date, once',
      operations: ALL,
      bed: again({ 'retry-after': 'Thu, 01 Jan 2026 00:00:00 GMT' }),
    },
    {
      group,
      fault: '429 that asks for an hour',
      operations: ['pull', 'push'],
      fails: 'REGISTRY_ERROR',
      bed: every(
        [MANIFEST, BLOB, START],
        'every',
        answer(429, {
          headers: { 'retry-after': '3600' },
          body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}',
        }),
      ),
    },
    {
      group,
      fault: 'a burst of 500 and 503',
      operations: ALL,
      bed: {
        rules: () =>
          [MANIFEST, BLOB, START, FINISH].flatMap((path) => [
            { path, nth: 1, fault: answer(500) },
            { path, nth: 2, fault: answer(503) },
          ]),
      },
    },
    {
      group,
      fault: '502 without end',
      operations: ['pull', 'push', 'analyze'],
      bed: every([MANIFEST, START], 'every', answer(502, { body: '<html>bad gateway</html>' })),
      fails: 'REGISTRY_ERROR',
    },
  ];
}

function authentication(): readonly FaultRow[] {
  const group = 'Authentication';
  const bearer = { kind: 'bearer', users: { ann: 'secret' } } as const;
  const challenge = (realm: string): Fault =>
    answer(401, { headers: { 'www-authenticate': `Bearer realm="${realm}",service="slipway"` } });
  return [
    {
      group,
      fault: '401 whatever is sent',
      operations: ['pull', 'push', 'analyze'],
      fails: 'REGISTRY_UNAUTHORIZED',
      bed: {
        ...every([/^\/v2\//], 'every', answer(401, { headers: { 'www-authenticate': 'Basic realm="r"' } })),
        meetsAnonymous: true,
      },
    },
    {
      group,
      fault: '401 for every token that its own endpoint gives',
      operations: ['pull', 'push'],
      fails: 'REGISTRY_UNAUTHORIZED',
      bed: {
        meetsAnonymous: true,
        auth: bearer,
        rules: ({ self }) => [{ path: /^\/v2\//, fault: challenge(`${self}/token`) }],
      },
    },
    {
      group,
      fault: 'the token expires in the middle of an upload',
      operations: ['push'],
      bed: {
        auth: bearer,
        rules: ({ self }) => [{ path: FINISH, method: 'PUT', nth: 1, fault: challenge(`${self}/token`) }],
      },
    },
    {
      group,
      fault: 'the token endpoint is a link-local address',
      operations: ['pull', 'push'],
      fails: 'REGISTRY_UNAUTHORIZED',
      bed: {
        meetsAnonymous: true,
        rules: () => [{ path: /^\/v2\//, fault: challenge('http://169.254.169.254/token') }],
      },
    },
    {
      group,
      fault: 'the token endpoint is a public host of somebody else',
      operations: ['pull', 'push'],
      fails: 'REGISTRY_UNAUTHORIZED',
      bed: {
        meetsAnonymous: true,
        rules: () => [{ path: /^\/v2\//, fault: challenge('https://tokens.example.com/token') }],
      },
    },
    {
      group,
      fault: 'the token endpoint redirects to another origin',
      operations: ['pull'],
      fails: 'REGISTRY_ERROR',
      reachesOther: true,
      bed: {
        auth: bearer,
        rules: ({ other }) => [{ path: /^\/token/, fault: to(`${other}/token`) }],
        otherRules: [{ path: /^\/token/, fault: answer(200, { body: '{}' }) }],
      },
    },
  ];
}

function contents(): readonly FaultRow[] {
  const group = 'Content';
  const wrong = patternBytes('wrong', 300_000);
  const get = (path: RegExp, fault: Fault): FaultBedOptions => ({ rules: () => [{ method: 'GET', path, fault }] });
  return [
    {
      group,
      fault: 'a blob with other bytes',
      operations: ['pull'],
      fails: 'CONTENT_MISMATCH',
      bed: get(BLOB, { kind: 'body', body: wrong }),
    },
    {
      group,
      fault: 'a manifest with other bytes',
      operations: READS,
      fails: 'CONTENT_MISMATCH',
      bed: get(MANIFEST, { kind: 'body', body: Buffer.from('{"schemaVersion":2}') }),
    },
    {
      group,
      fault: 'a body shorter than its Content-Length, once',
      operations: READS,
      bed: {
        rules: () =>
          [MANIFEST, BLOB].map((path) => ({ method: 'GET', path, nth: 1, fault: { kind: 'cut', afterBytes: 100 } })),
      },
    },
    {
      group,
      fault: 'a body shorter than its Content-Length, every time, and no byte of it',
      operations: ['pull'],
      fails: 'REGISTRY_UNREACHABLE',
      bed: get(BLOB, { kind: 'cut', afterBytes: 0 }),
    },
    {
      group,
      fault: 'chunked bodies without Content-Length',
      operations: READS,
      bed: { rules: () => [MANIFEST, BLOB].map((path) => ({ path, fault: headers({ 'content-length': '' }) })) },
    },
    {
      group,
      fault: 'no Docker-Content-Digest',
      operations: ALL,
      bed: { rules: () => [{ path: /./, fault: headers({ 'docker-content-digest': '' }) }] },
    },
    {
      group,
      fault: 'a wrong Docker-Content-Digest',
      operations: READS,
      fails: 'CONTENT_MISMATCH',
      bed: get(MANIFEST, headers({ 'docker-content-digest': `sha256:${'1'.repeat(64)}` })),
    },
    {
      group,
      fault: 'a wrong Docker-Content-Digest for a manifest that was pushed',
      operations: ['push'],
      fails: 'CONTENT_MISMATCH',
      bed: {
        rules: () => [
          {
            method: 'PUT',
            path: MANIFEST,
            fault: answer(201, { headers: { 'docker-content-digest': `sha256:${'1'.repeat(64)}` } }),
          },
        ],
      },
    },
    {
      group,
      fault: 'JSON with Content-Encoding: gzip, which nobody asked for',
      operations: READS,
      bed: get(MANIFEST, answer(200, { headers: { 'content-encoding': 'gzip' }, body: gzipSync(NEW.manifest.bytes) })),
    },
    {
      group,
      fault: 'JSON with Content-Encoding: gzip that is none',
      operations: READS,
      fails: 'CONTENT_MISMATCH',
      bed: get(MANIFEST, headers({ 'content-encoding': 'gzip' })),
    },
    {
      group,
      fault: 'the connection ends between headers and body, once',
      operations: READS,
      bed: {
        rules: () =>
          [MANIFEST, BLOB].map((path) => ({ method: 'GET', path, nth: 1, fault: { kind: 'cut', afterBytes: 0 } })),
      },
    },
  ];
}

function redirects(): readonly FaultRow[] {
  const group = 'Redirects';
  const hops = (count: number): FaultBedOptions => ({
    rules: ({ self }) => [
      {
        path: /\/manifests\/v1(?:\?hop=\d+)?$/,
        method: 'GET',
        nth: 1,
        fault: to(`${self}/v2/base/run/manifests/v1?hop=1`),
      },
      ...Array.from({ length: count }, (_, hop) => ({
        path: new RegExp(`hop=${String(hop + 1)}$`),
        nth: 1,
        fault: to(`${self}/v2/base/run/manifests/v1?hop=${String(hop + 2)}`),
      })),
    ],
  });
  const away = (path: RegExp, method: string): FaultBedOptions => ({
    rules: ({ other }) => [{ method, path, fault: relocated(other) }],
  });
  return [
    { group, fault: 'a chain of redirects', operations: ['resolve', 'pull'], bed: hops(3) },
    {
      group,
      fault: 'redirects without end',
      operations: ['pull', 'push'],
      fails: 'REGISTRY_ERROR',
      bed: { rules: ({ self }) => [{ path: /./, fault: to(`${self}/v2/again`) }] },
    },
    {
      group,
      fault: 'blobs are at another origin',
      operations: ['pull'],
      reachesOther: true,
      bed: away(BLOB, 'GET'),
    },
    {
      group,
      fault: 'manifests are at another origin',
      operations: READS,
      reachesOther: true,
      bed: away(MANIFEST, 'GET'),
    },
    {
      group,
      fault: 'what is asked for by HEAD is at another origin',
      operations: ['push'],
      reachesOther: true,
      bed: away(/./, 'HEAD'),
    },
    {
      group,
      fault: 'a redirect to a public host over plain HTTP',
      operations: ['pull'],
      fails: 'REGISTRY_INSECURE',
      bed: { rules: () => [{ method: 'GET', path: BLOB, fault: to('http://files.example.com/blob') }] },
    },
    {
      group,
      fault: 'a redirect from HTTPS to plain HTTP',
      operations: ['pull'],
      fails: 'REGISTRY_INSECURE',
      bed: { ...away(BLOB, 'GET'), tls: { certificate: {}, isTrusted: true } },
    },
    {
      group,
      fault: 'a redirect to something that is not HTTP',
      operations: ['pull'],
      fails: 'REGISTRY_ERROR',
      bed: { rules: () => [{ method: 'GET', path: BLOB, fault: to('file:///etc/passwd') }] },
    },
    {
      group,
      fault: 'another origin that answers 401 for its own part',
      operations: ['pull'],
      fails: 'REGISTRY_UNAUTHORIZED',
      reachesOther: true,
      bed: {
        ...away(BLOB, 'GET'),
        otherRules: [{ path: BLOB, fault: answer(401, { headers: { 'www-authenticate': 'Basic realm="other"' } }) }],
      },
    },
  ];
}

function uploads(): readonly FaultRow[] {
  const group = 'Uploads';
  const location = (change: (location: string, addresses: FaultAddresses) => string): FaultBedOptions => ({
    rules: (addresses) => [
      {
        method: 'POST',
        path: START,
        fault: headers((real) => ({ location: change(real['location'] ?? '', addresses) })),
      },
    ],
  });
  return [
    { group, fault: 'an absolute Location', operations: ['push'], bed: location((path, { self }) => `${self}${path}`) },
    {
      group,
      fault: 'a Location with a query',
      operations: ['push'],
      bed: location((path) => `${path}?state=a%2Bb%3D`),
    },
    { group, fault: 'no Location', operations: ['push'], fails: 'REGISTRY_ERROR', bed: location(() => '') },
    {
      group,
      fault: 'a Location at another origin that has no such upload',
      operations: ['push'],
      fails: 'REGISTRY_ERROR',
      reachesOther: true,
      bed: location((path, { other }) => `${other}${path}`),
    },
    {
      group,
      fault: '307 on the PUT of a blob',
      operations: ['push'],
      bed: { rules: ({ self }) => [{ method: 'PUT', path: FINISH, nth: 1, fault: relocated(self) }] },
    },
    {
      group,
      fault: '307 on the PUT of a blob to another origin, which says that it took it',
      operations: ['push'],
      fails: 'REGISTRY_ERROR',
      reachesOther: true,
      bed: {
        rules: ({ other }) => [{ method: 'PUT', path: FINISH, fault: relocated(other) }],
        otherRules: [{ method: 'PUT', path: /./, fault: answer(201) }],
      },
    },
    {
      group,
      fault: '307 on the PUT of a manifest to another origin, which refuses it',
      operations: ['push'],
      fails: 'REGISTRY_UNAUTHORIZED',
      reachesOther: true,
      bed: {
        rules: ({ other }) => [{ method: 'PUT', path: MANIFEST, fault: to(`${other}/taken`) }],
        otherRules: [{ path: /taken/, fault: answer(401) }],
      },
    },
    {
      group,
      fault: '307 on the PUT of a manifest to another origin, which says that it took it',
      operations: ['push'],
      fails: 'REGISTRY_ERROR',
      reachesOther: true,
      bed: {
        rules: ({ other }) => [{ method: 'PUT', path: MANIFEST, fault: relocated(other) }],
        otherRules: [{ method: 'PUT', path: MANIFEST, fault: answer(201) }],
      },
    },
    {
      group,
      fault: 'chunks after which the Range goes backwards, once',
      operations: ['push'],
      bed: {
        rules: () => [{ method: 'PATCH', path: FINISH, nth: 2, fault: headers({ range: '0-9' }) }],
        client: { uploads: { chunkBytes: 100_000 } },
      },
    },
    {
      group,
      fault: 'chunks after which the Range goes backwards, every time',
      operations: ['push'],
      fails: 'REGISTRY_ERROR',
      bed: {
        rules: () => [{ method: 'PATCH', path: FINISH, fault: headers({ range: '0-9' }) }],
        client: { uploads: { chunkBytes: 100_000 } },
      },
    },
    {
      group,
      fault: '416 with a Range that goes backwards, once',
      operations: ['push'],
      bed: {
        rules: () => [{ method: 'PUT', path: FINISH, nth: 1, fault: answer(416, { headers: { range: '0-0' } }) }],
      },
    },
    {
      group,
      fault: '416 with a Range that goes backwards, every time',
      operations: ['push'],
      fails: 'REGISTRY_ERROR',
      bed: { rules: () => [{ method: 'PUT', path: FINISH, fault: answer(416, { headers: { range: '0-0' } }) }] },
    },
    {
      group,
      fault: 'the session is forgotten (404), once',
      operations: ['push'],
      bed: { rules: () => [{ method: 'PUT', path: FINISH, nth: 1, fault: answer(404) }] },
    },
    {
      group,
      fault: 'the connection ends without an answer, once',
      operations: ALL,
      bed: every([MANIFEST, BLOB, START, FINISH], [1], { kind: 'close' }),
    },
    {
      group,
      fault: 'the connection ends without an answer, every time',
      operations: ['pull', 'push', 'analyze'],
      fails: 'REGISTRY_UNREACHABLE',
      bed: every([MANIFEST, START], 'every', { kind: 'close' }),
    },
    {
      group,
      fault: 'a mount that is answered with 202 and an upload that goes on',
      operations: ['copy'],
      bed: { mountsNothing: true },
    },
    {
      group,
      fault: 'a mount that is answered with 202 and an upload that is gone',
      operations: ['copy'],
      bed: {
        rules: () => [
          {
            method: 'POST',
            path: /mount=/,
            fault: answer(202, { headers: { location: '/v2/app/blobs/uploads/gone' } }),
          },
        ],
      },
    },
  ];
}

function answers(): readonly FaultRow[] {
  const group = 'Odd answers';
  return [
    {
      group,
      fault: '405 for every HEAD',
      operations: ALL,
      bed: { rules: () => [{ method: 'HEAD', path: /./, fault: answer(405) }] },
    },
    {
      group,
      fault: 'HEAD without Content-Length',
      operations: ALL,
      bed: { rules: () => [{ method: 'HEAD', path: /./, fault: headers({ 'content-length': '' }) }] },
    },
    {
      group,
      fault: 'no referrers (404): the list is kept under a tag',
      operations: ['attach'],
      bed: {
        rules: () => [
          { path: /\/referrers\//, fault: answer(404, { body: '404 page not found' }) },
          { method: 'PUT', path: MANIFEST, fault: headers({ 'oci-subject': '' }) },
        ],
      },
    },
    {
      group,
      fault: 'a tag list whose pages lead back to the first',
      operations: ['tags'],
      fails: 'REGISTRY_ERROR',
      bed: { rules: () => [{ path: /tags\/list/, fault: headers({ link: '</v2/base/run/tags/list>; rel="next"' }) }] },
    },
    {
      group,
      fault: 'a page instead of JSON',
      operations: ['tags'],
      fails: 'REGISTRY_ERROR',
      bed: { rules: () => [{ path: /tags\/list/, fault: answer(200, { body: '<html>login</html>' }) }] },
    },
  ];
}

function answer(
  status: number,
  more: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Uint8Array } = {},
): Fault {
  return { kind: 'answer', status, ...more };
}

function headers(value: Extract<Fault, { kind: 'headers' }>['headers']): Fault {
  return { kind: 'headers', headers: value };
}

function to(location: string): Fault {
  return answer(307, { headers: { location } });
}

/** A redirect of the same path to that origin. */
function relocated(origin: string): NonNullable<FaultRule['fault']> {
  return ({ path }) => to(`${origin}${path}`);
}

function every(paths: readonly RegExp[], nth: 'every' | readonly number[], fault: Fault): FaultBedOptions {
  const times: readonly NonNullable<FaultRule['nth']>[] = nth === 'every' ? [nth] : nth;
  return { rules: () => paths.flatMap((path) => times.map((time) => ({ path, nth: time, fault }))) };
}
