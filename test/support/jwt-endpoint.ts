import { randomUUID, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { issueCertificate } from '../../src/core/x509-issue.ts';
import type { TokenAuth } from './docker-registry.ts';

const SERVICE = 'registry.test';
const ISSUER = 'slipway-test';
const LIFETIME_S = 300;

export interface JwtEndpoint extends TokenAuth {
  /** The scopes of each token that was asked for. */
  readonly asked: readonly (readonly string[])[];
}

/**
 * A token endpoint as distribution's token authentication wants it: JWTs signed with a certificate (`x5c`), for the user `ann` with the
 * password `secret` whatever is asked for, for anybody else nothing.
 */
export async function jwtEndpoint(test: TestContext): Promise<JwtEndpoint> {
  const { cert, key, ca } = await issueCertificate(['tokens.test'], systemClock);
  const chain = [new X509Certificate(cert).raw.toString('base64')];
  const asked: (readonly string[])[] = [];
  const server = createServer((request, response) => {
    const scopes = scopesOf(request);
    asked.push(scopes);
    const isAnn = request.headers.authorization === `Basic ${Buffer.from('ann:secret').toString('base64')}`;
    const now = Math.floor(systemClock.now().getTime() / 1000);
    const claims = {
      iss: ISSUER,
      sub: isAnn ? 'ann' : '',
      aud: SERVICE,
      exp: now + LIFETIME_S,
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access: isAnn ? scopes.map(accessOf) : [],
    };
    const signed = [{ typ: 'JWT', alg: 'RS256', x5c: chain }, claims].map(base64url).join('.');
    const token = `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token, expires_in: LIFETIME_S }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { realm: `http://127.0.0.1:${String(port)}/token`, service: SERVICE, issuer: ISSUER, ca, asked };
}

function scopesOf(request: IncomingMessage): readonly string[] {
  const url = new URL(request.url ?? '/', 'http://tokens.test');
  return url.searchParams.getAll('scope').flatMap((scope) => scope.split(' '));
}

function accessOf(scope: string): object {
  const [type = '', ...rest] = scope.split(':');
  const actions = (rest.at(-1) ?? '').split(',');
  return { type, name: rest.slice(0, -1).join(':'), actions };
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
