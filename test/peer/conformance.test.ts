import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { layoutBackend, memoryBackend } from '../../src/registryd/serve.ts';
import type { RegistryBackend } from '../../src/registryd/backend.ts';
import { temporaryDirectory } from '../support/context.ts';
import { goTool, type GoProgram } from '../support/go-tool.ts';
import { startRegistry } from '../support/registry.ts';
import { spawnText } from '../support/spawn-text.ts';

const SUITE: GoProgram = {
  package: 'github.com/opencontainers/distribution-spec/conformance',
  version: 'v0.0.0-20260831232431-97274622c111',
};

/** Beyond the defaults of the suite: what the specification leaves to a registry, and this one does. */
const MORE = {
  OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
  OCI_API_BLOBS_DIGEST_HEADER: 'true',
  OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
};

describe('distribution-spec conformance', () => {
  for (const [name, backend] of [
    ['a layout', (directory: string) => layoutBackend(directory)],
    ['memory', () => memoryBackend()],
  ] as const) {
    it(`${name} as a registry passes the suite with push, pull, discovery and management on`, async (t) => {
      const binary = goTool(t, SUITE);
      if (binary === undefined) return;
      const results = temporaryDirectory(t);
      const counts = await runSuite(t, binary, backend(join(results, 'images')), results);
      assert.equal(counts.get('FAIL'), 0);
      assert.equal(counts.get('Error'), 0);
      assert.ok((counts.get('Pass') ?? 0) > 800, `only ${String(counts.get('Pass'))} checks`);
    });
  }
});

async function runSuite(
  t: TestContext,
  binary: string,
  backend: RegistryBackend,
  results: string,
): Promise<ReadonlyMap<string, number>> {
  const registry = await startRegistry(t, { backend });
  const output = await spawnText(binary, [], {
    cwd: results,
    env: {
      ...process.env,
      ...MORE,
      OCI_REGISTRY: registry.name,
      OCI_TLS: 'disabled',
      OCI_REPO1: 'conformance/one',
      OCI_REPO2: 'conformance/two',
      OCI_RESULTS_DIR: results,
    },
  });
  const counts = [...output.matchAll(/^ {2}(Pass|Skip|FAIL|Error|Total)\.+: +(\d+)$/gm)];
  t.diagnostic(counts.map(([, what, count]) => `${what ?? ''} ${count ?? ''}`).join(', '));
  const failures = [
    ...readFileSync(join(results, 'junit.xml'), 'utf8').matchAll(/name="([^"]*)"[^>]*status="failure"/g),
  ];
  assert.deepEqual(
    failures.map((match) => match[1]),
    [],
  );
  return new Map(counts.map(([, what, count]) => [what ?? '', Number(count)]));
}
