import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import type { Platform } from '../../src/oci/platform.ts';
import type { ImageSink } from '../../src/ports/store.ts';
import { layoutBackend } from '../../src/registryd/layout-backend.ts';
import { memoryBackend } from '../../src/registryd/memory-backend.ts';
import { serveRegistry, type RegistryServer, type ServeOptions } from '../../src/registryd/serve.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { attestationOf, putBase, putIndex } from '../support/base-images.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { lifecycle, type ProgramResult } from '../support/program.ts';

const AMD64: Platform = { os: 'linux', architecture: 'amd64' };
const ARM64: Platform = { os: 'linux', architecture: 'arm64' };

interface Scene {
  readonly t: TestContext;
  readonly ctx: TestContextOf;
  readonly directory: string;
  readonly server: RegistryServer;
  /** Digests of the platform manifests by architecture. */
  readonly amd64: Descriptor;
  readonly arm64: Descriptor;
}

/** A registry with `base/run` in many shapes: two (platforms), nested, attested, silent, arm64, empty. */
async function scene(t: TestContext, options: ServeOptions = {}): Promise<Scene> {
  const ctx = testContext(t);
  const directory = temporaryDirectory(t);
  const layout = join(directory, 'registry');
  const into = async <T>(
    name: string,
    fill: (sink: ImageSink) => Promise<{ readonly name: Descriptor; readonly value: T }>,
  ): Promise<T> => {
    await using sink = await openLayoutSink(layout, name, ctx);
    const filled = await fill(sink);
    sink.tag(undefined, filled.name);
    await sink.commit(ctx);
    return filled.value;
  };
  const base = (sink: ImageSink, platform: Platform, extra = {}): Promise<Descriptor> =>
    putBase(sink, platform, ctx, extra);
  const { amd64, arm64 } = await into('base/run:two', async (sink) => {
    const both = { amd64: await base(sink, AMD64), arm64: await base(sink, ARM64) };
    return { name: (await putIndex(sink, [both.amd64, both.arm64], ctx)).descriptor, value: both };
  });
  await into('base/run:nested', async (sink) => {
    const inner = await putIndex(sink, [await base(sink, ARM64), await base(sink, AMD64)], ctx);
    return { name: (await putIndex(sink, [inner.descriptor], ctx)).descriptor, value: undefined };
  });
  await into('base/run:attested', async (sink) => {
    const image = await base(sink, AMD64);
    const attestation = attestationOf(image);
    await sink.put(attestation.config, ctx);
    await sink.putManifest(attestation.manifest, ctx);
    return {
      name: (await putIndex(sink, [attestation.descriptor, await base(sink, ARM64), image], ctx)).descriptor,
      value: undefined,
    };
  });
  await into('base/run:silent', async (sink) => {
    const descriptors = [
      await base(sink, ARM64, { silentDescriptor: true }),
      await base(sink, AMD64, { silentDescriptor: true }),
    ];
    return { name: (await putIndex(sink, descriptors, ctx)).descriptor, value: undefined };
  });
  await into('base/run:arm64', async (sink) => ({
    name: (await putIndex(sink, [await base(sink, ARM64)], ctx)).descriptor,
    value: undefined,
  }));
  await into('base/run:empty', async (sink) => ({
    name: await base(sink, AMD64, { withoutLayers: true }),
    value: undefined,
  }));
  const server = await serveRegistry(layoutBackend(layout), ctx, options);
  t.after(() => server[Symbol.asyncDispose]());
  return { t, ctx, directory, server, amd64, arm64 };
}

function analyzer(
  s: Scene,
  tag: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const layers = join(s.directory, 'layers');
  mkdirSync(layers, { recursive: true });
  const at = `${s.server.host}:${String(s.server.port)}`;
  return lifecycle('analyzer', ['-layers', layers, '-run-image', `${at}/base/${tag}`, ...args, `${at}/app/shop`], {
    env: { HOME: s.directory, ...env },
  });
}

function analyzed(s: Scene): string {
  return readFileSync(join(s.directory, 'layers/analyzed.toml'), 'utf8');
}

describe('a run image is resolved once, or the build stops at analyze', () => {
  for (const tag of ['run:two', 'run:nested', 'run:attested', 'run:silent']) {
    it(`${tag}: each target gets its platform manifest, never the index (A-36, A-39, A-40, A-41, GAP-2)`, async (t) => {
      const s = await scene(t);
      for (const [target, expected] of [
        ['linux/amd64', s.amd64.digest],
        ['linux/arm64', s.arm64.digest],
      ] as const) {
        const result = await analyzer(s, tag, ['-target', target]);
        assert.equal(result.code, 0, result.stdout + result.stderr);
        assert.match(analyzed(s), new RegExp(`reference = "[^"]*@${expected}"`));
        assert.match(analyzed(s), new RegExp(`arch = "${target.slice('linux/'.length)}"`));
      }
    });
  }

  it('an index that lacks the platform: exit 32 and what is on offer (A-38)', async (t) => {
    const s = await scene(t);
    const result = await analyzer(s, 'run:arm64', ['-target', 'linux/amd64']);
    assert.equal(result.code, 32);
    assert.match(result.stdout, /linux\/amd64/);
    assert.match(result.stdout, /offered\s+linux\/arm64/);
    assert.equal(existsSync(join(s.directory, 'layers/analyzed.toml')), false, 'nothing is recorded');
  });

  it('without a target, a choice that is not offered is the same error', async (t) => {
    const s = await scene(t);
    const result = await analyzer(s, 'run:arm64');
    assert.equal(result.code, process.arch === 'arm64' ? 0 : 32);
  });

  it('a repository that does not exist: exit 32 and the registry’s answer (A-35)', async (t) => {
    const s = await scene(t);
    const result = await analyzer(s, 'missing:1');
    assert.equal(result.code, 32);
    assert.match(result.stdout, /base\/missing:1/);
    assert.match(result.stdout, /404/);
  });

  it('an image without layers: exit 32 (A-42)', async (t) => {
    const s = await scene(t);
    const result = await analyzer(s, 'run:empty');
    assert.equal(result.code, 32);
    assert.match(result.stdout, /no layers/);
  });

  it('a 401: exit 32, where credentials were looked for, and never a secret (A-23)', async (t) => {
    const users = { someone: 'a-password-nobody-should-see' };
    const s = await scene(t, { auth: { kind: 'basic', users } });
    const denied = await analyzer(s, 'run:two');
    assert.equal(denied.code, 32);
    assert.match(denied.stdout, /401/);
    assert.match(denied.stdout, /CNB_REGISTRY_AUTH: not set/);
    const wrong = Buffer.from('someone:wrong-secret').toString('base64');
    const auth = JSON.stringify({ [`${s.server.host}:${String(s.server.port)}`]: `Basic ${wrong}` });
    const refused = await analyzer(s, 'run:two', [], { CNB_REGISTRY_AUTH: auth });
    assert.equal(refused.code, 32);
    assert.equal(
      (refused.stdout + refused.stderr).includes('wrong-secret') || (refused.stdout + refused.stderr).includes(wrong),
      false,
    );
    const right = JSON.stringify({
      [`${s.server.host}:${String(s.server.port)}`]: `Basic ${Buffer.from(`someone:${users.someone}`).toString('base64')}`,
    });
    const allowed = await analyzer(s, 'run:two', ['-target', 'linux/amd64'], { CNB_REGISTRY_AUTH: right });
    assert.equal(allowed.code, 0, allowed.stdout + allowed.stderr);
  });

  it('a registry that nobody runs: exit 32 and its address', async (t) => {
    const ctx = testContext(t);
    const gone = await serveRegistry(memoryBackend(), ctx);
    const at = `${gone.host}:${String(gone.port)}`;
    await gone[Symbol.asyncDispose]();
    const directory = temporaryDirectory(t);
    const result = await lifecycle(
      'analyzer',
      ['-layers', directory, '-run-image', `${at}/base/run:1`, `${at}/app/shop`],
      { env: { HOME: directory } },
    );
    assert.equal(result.code, 32);
    assert.match(result.stdout, new RegExp(at));
  });
});
