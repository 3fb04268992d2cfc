import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './context.ts';
import { goTool } from './go-tool.ts';
import { missingPeer, requirePeer } from './peers.ts';

/** `ann` with the password `secret`, as bcrypt. */
export const ANN_SECRET = 'ann:$2b$05$rrAJSCjfY1At/KKwLK42HOyuacwoBZOAFtzoQpLqwodRBI9HOvc2O\n';

const DISTRIBUTION = { package: 'github.com/distribution/distribution/v3/cmd/registry', version: 'v3.1.2' };

export interface DockerRegistryOptions {
  /** Lines of an htpasswd file. */
  readonly htpasswd?: string;
  readonly token?: TokenAuth;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A token endpoint that the registry trusts. */
export interface TokenAuth {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM of the authority whose certificates sign tokens. */
  readonly ca: string;
}

/** The path of Debian's docker-registry (distribution 2.8). */
export function debianRegistry(test: TestContext): string | undefined {
  return requirePeer(test, 'docker-registry');
}

/** The path of distribution 3, built from Go's module proxy; skips the test where it cannot be had. */
export function distributionRegistry(test: TestContext): string | undefined {
  return goTool(test, DISTRIBUTION);
}

/** The program on a free loopback port, until the test ends; its `127.0.0.1:port`, or undefined (the test is skipped) when it does not start. */
export async function startDockerRegistry(
  test: TestContext,
  program: string | undefined,
  options: DockerRegistryOptions = {},
): Promise<string | undefined> {
  if (program === undefined) return undefined;
  const directory = temporaryDirectory(test);
  const port = await freePort();
  const config = join(directory, 'config.yml');
  mkdirSync(join(directory, 'data'));
  writeFileSync(config, configText(directory, port, options));
  const child = spawn(program, ['serve', config], { stdio: 'ignore' });
  test.after(() => child.kill());
  if (await opens(port, () => child.exitCode !== null)) return `127.0.0.1:${String(port)}`;
  missingPeer(test, `${program} does not start`);
  return undefined;
}

function configText(directory: string, port: number, { htpasswd, token, tls }: DockerRegistryOptions): string {
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const secure =
    tls === undefined ? '' : `, tls: {certificate: ${file('tls.crt', tls.cert)}, key: ${file('tls.key', tls.key)}}`;
  const lines = [
    'version: 0.1',
    'log: {level: error}',
    `storage: {filesystem: {rootdirectory: ${join(directory, 'data')}}, delete: {enabled: true}}`,
    `http: {addr: "127.0.0.1:${String(port)}", secret: test${secure}}`,
    ...(htpasswd === undefined ? [] : [`auth: {htpasswd: {realm: test, path: ${file('users', htpasswd)}}}`]),
    ...(token === undefined
      ? []
      : [
          `auth: {token: {realm: "${token.realm}", service: ${token.service}, issuer: ${token.issuer}, rootcertbundle: ${file('ca.crt', token.ca)}}}`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** It says in no other way that it has opened its port. */
async function opens(port: number, hasEnded: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 200 && !hasEnded(); attempt += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${String(port)}/v2/`);
      await response.arrayBuffer();
      return true;
    } catch {
      await sleep(50);
    }
  }
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
