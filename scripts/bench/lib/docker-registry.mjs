// Debian's docker-registry on a loopback port, over a directory of its own.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** `program`: its path. `template`: a directory of blobs to begin with. Returns `{name, blobs, stop()}`, which removes the directory. */
export async function startRegistry(program, directory, { template } = {}) {
  const port = await freePort();
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const blobs = join(directory, 'blobs');
  if (template !== undefined) cpSync(template, blobs, { recursive: true });
  const config = join(directory, 'registry.yml');
  writeFileSync(
    config,
    [
      'version: 0.1',
      'log: {level: error}',
      `storage: {filesystem: {rootdirectory: ${blobs}}}`,
      `http: {addr: "127.0.0.1:${String(port)}", secret: bench}`,
      '',
    ].join('\n'),
  );
  const child = spawn(program, ['serve', config], {
    stdio: 'ignore',
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  });
  const ended = new Promise((done) => {
    child.on('exit', done);
    child.on('error', done);
  });
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const name = `127.0.0.1:${String(port)}`;
  for (let attempt = 0; attempt < 400 && child.exitCode === null; attempt += 1) {
    try {
      await (await fetch(`http://${name}/v2/`)).arrayBuffer();
      return { name, blobs, stop };
    } catch {
      await new Promise((done) => setTimeout(done, 25));
    }
  }
  await stop();
  throw new Error(`${program} does not start`);
}

/** A task with a registry that is gone after it. */
export async function withRegistry({ program, directory, template }, task) {
  const registry = await startRegistry(program, directory, { template });
  try {
    return await task(registry);
  } finally {
    await registry.stop();
  }
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
