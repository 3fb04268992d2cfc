import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BareRoot, type BareRun } from '../support/bare-root.ts';
import { buildFixture } from '../support/build-fixture.ts';
import { temporaryDirectory } from '../support/context.ts';
import { canMountPrivately } from '../support/private-mounts.ts';

const PHASES: Readonly<Record<string, string>> = {
  analyzer: 'analyze',
  detector: 'detect',
  restorer: 'restore',
  extender: 'extend',
  builder: 'build',
  exporter: 'export',
  creator: 'create',
  rebaser: 'rebase',
};
const PROGRAMS = [...Object.keys(PHASES), 'lifecycle'];
/** In a root without a shell the buildpack is Node's. */
const BUILD = `#!/bin/node
const { writeFileSync } = require('node:fs');
writeFileSync(process.env.CNB_LAYERS_DIR + '/launch.toml', '[[processes]]\\ntype = "web"\\ncommand = ["/bin/node"]\\n');
`;

describe('dist/lifecycle, one directory in a root that has Node and nothing else', () => {
  it('has every program of bin/lifecycle, each answering -version and -h through a link elsewhere (C-01, C-02)', (t) => {
    if (!canMountPrivately(t)) return;
    assert.deepEqual(
      readdirSync('bin/lifecycle').filter((name) => name !== 'launcher'),
      [...PROGRAMS].sort(),
    );
    const root = new BareRoot(temporaryDirectory(t), PROGRAMS);
    const versions = root.run(PROGRAMS.map((program) => ({ program, args: ['-version'] })));
    for (const [at, { code, stdout, stderr }] of versions.entries()) {
      assert.deepEqual([code, stderr], [0, ''], PROGRAMS[at]);
      assert.match(stdout, /^\d+\.\d+\.\d+\S*\n$/);
    }
    const helps = root.run(Object.values(PHASES).map((word) => ({ program: 'lifecycle', args: [word, '-h'] })));
    for (const { code, stderr } of helps) assert.match(`${String(code)} ${stderr}`, /^0 Usage of lifecycle:\n/);
  });

  it('builds, and rebases, from and into layouts, with only /layers and /tmp to write to, HOME unset, a user without a name', async (t) => {
    if (!canMountPrivately(t)) return;
    const shell = { kind: 'file', path: '/bin/sh', mode: 0o755, uid: 0, gid: 0, bytes: Buffer.from('sh') } as const;
    const fixture = await buildFixture(t, { base: { entries: [shell] } });
    const root = new BareRoot(temporaryDirectory(t), PROGRAMS);
    for (const name of ['app', 'run', 'bps', 'order.toml'])
      cpSync(join(fixture.directory, name), root.path(`/fixture/${name}`), { recursive: true });
    root.write('/fixture/bps/test_hello/1.0.0/bin/detect', '#!/bin/node\n', 0o755);
    root.write('/fixture/bps/test_hello/1.0.0/bin/build', BUILD, 0o755);
    const owner = ['-uid', '12345', '-gid', '12345'];
    const tools = ['-app', '/fixture/app', '-buildpacks', '/fixture/bps'];
    const order = ['-order', '/fixture/order.toml'];
    const runs: readonly BareRun[] = [
      { program: 'lifecycle', args: ['analyze', ...owner, '-run-image', 'oci:/fixture/run', 'oci:/tmp/out:app'] },
      { program: 'detector', args: [...tools, ...order] },
      { program: 'restorer', args: [...owner, '-cache-dir', '/tmp/cache'] },
      { program: 'lifecycle', args: ['build', ...tools] },
      { program: 'exporter', args: [...owner, '-app', '/fixture/app', '-cache-dir', '/tmp/cache', 'oci:/tmp/out:app'] },
      {
        program: 'creator',
        args: [...owner, ...tools, ...order, '-run-image', 'oci:/fixture/run', 'oci:/tmp/out:made'],
        env: ['CNB_REPORT_PATH=/tmp/made.toml'],
      },
      { program: 'rebaser', args: ['-run-image', 'oci:/fixture/run', 'oci:/tmp/out:app'] },
    ];
    for (const [at, result] of root.run(runs).entries())
      assert.equal(result.code, 0, `${String(runs[at]?.program)}: ${result.stdout}${result.stderr}`);
    const digest = /digest = "(sha256:[0-9a-f]{64})"/;
    const made = digest.exec(readFileSync(root.path('/tmp/made.toml'), 'utf8'))?.[1];
    assert.ok(made);
    const names = readFileSync(root.path('/tmp/out/index.json'), 'utf8');
    for (const name of ['"app"', '"made"', made]) assert.ok(names.includes(name), names);
    assert.deepEqual(readdirSync(root.path('/tmp/')).sort(), ['cache', 'made.toml', 'out']);
  });
});
