import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { AMD64, lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';

const BUILDPACK = {
  id: 'test/app',
  detect: `printf '[[requires]]\\nname = "tool"\\n' > "$2"`,
  build: 'true',
};
const PROVIDES = `printf '[[provides]]\\nname = "tool"\\n' > "$2"`;
const DETECT = ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml', '-extensions', 'exts'];

/** A bed with a run image, an analyzed.toml and one extension that provides `tool`; `generate` is its script. */
async function extensionBed(test: TestContext, generate: string): Promise<LifecycleBed> {
  const bed = await lifecycleBed(test, { buildpacks: [BUILDPACK] });
  await putRunImage(bed);
  bed.write('exts/test_ext/1.0.0/extension.toml', 'api = "0.10"\n[extension]\nid = "test/ext"\nversion = "1.0.0"\n');
  bed.write('exts/test_ext/1.0.0/bin/detect', `#!/bin/sh\n${PROVIDES}\n`, 0o755);
  bed.write('exts/test_ext/1.0.0/bin/generate', `#!/bin/sh\n${generate}\n`, 0o755);
  const extensions = '[[order-extensions]]\n[[order-extensions.group]]\nid = "test/ext"\nversion = "1.0.0"\n';
  bed.write('order.toml', `${bed.text('order.toml')}\n${extensions}`);
  bed.write('run.toml', `[[images]]\nimage = "${bed.registry}/base/run:1"\n`);
  const analyzed = await bed.run('analyzer', ['-run', 'run.toml', `${bed.registry}/shop`]);
  assert.equal(analyzed.code, 0, analyzed.stdout);
  return bed;
}

const SWITCH = `printf 'FROM other/run:2\\n' > "$1/run.Dockerfile"`;

describe('image extensions (contract §8)', () => {
  it('the detector runs them and rewrites plan and analyzed metadata (D-60, D-64, D-66, D-75)', async (t) => {
    const bed = await extensionBed(t, `echo generating "$(cat "$3" | tr '\\n' ' ')"; ${SWITCH}`);
    const result = await bed.run('detector', [...DETECT, '-run', 'run.toml']);
    assert.equal(result.code, 0, result.stdout);
    assert.match(result.stdout, /^test\/ext 1\.0\.0\ntest\/app 1\.0\.0$/m);
    assert.match(result.stdout, /^generating \[\[entries\]\] {3}name = "tool" $/m);
    assert.match(result.stdout, /^Warning: new runtime base image 'other\/run:2' not found in run metadata$/m);
    assert.equal(bed.text('layers/plan.toml'), '');
    assert.match(bed.text('layers/group.toml'), /^\[\[group-extensions\]\]\n {2}id = "test\/ext"\n/m);
    assert.equal(bed.text('layers/generated/test_ext/run.Dockerfile'), 'FROM other/run:2\n');
    assert.equal(
      bed.text('layers/analyzed.toml').slice(bed.text('layers/analyzed.toml').indexOf('[run-image]')),
      '[run-image]\n  reference = "index.docker.io/other/run:2"\n  image = "other/run:2"\n' +
        '  [run-image.slipway]\n    requested = "other/run:2"\n    platform = "linux/amd64"\n',
    );
  });

  it('the restorer resolves the new run image, and the exporter builds on it (R-30)', async (t) => {
    const bed = await extensionBed(t, 'true');
    const next = await putRunImage(bed, AMD64, 'base/next:2');
    bed.write(
      'exts/test_ext/1.0.0/bin/generate',
      `#!/bin/sh\necho 'FROM ${bed.registry}/base/next:2' > "$1/run.Dockerfile"\n`,
      0o755,
    );
    const steps = [
      ['detector', [...DETECT, '-run', 'run.toml']],
      ['restorer', []],
      ['builder', ['-app', 'app', '-buildpacks', 'bps']],
      ['exporter', ['-app', 'app', '-launcher', './launcher', `${bed.registry}/shop`]],
    ] as const;
    for (const [program, args] of steps) {
      const result = await bed.run(program, args);
      assert.equal(result.code, 0, `${program}: ${result.stdout}`);
      if (program !== 'restorer') continue;
      const analyzed = bed.text('layers/analyzed.toml');
      assert.ok(analyzed.includes(`  reference = "${bed.registry}/base/next@${next.digest}"\n`), analyzed);
      assert.match(analyzed, /\[run-image\.target\]\n {4}os = "linux"\n {4}arch = "amd64"/);
    }
    assert.match(bed.text('layers/config/metadata.toml'), /\[\[extensions\]\]\n {2}id = "test\/ext"/);
  });

  it('a new base of run.toml needs no warning, nor does the base that it is already (D-66)', async (t) => {
    const bed = await extensionBed(t, 'true');
    for (const name of ['base/run:1', 'other/run:2']) {
      bed.write('run.toml', `[[images]]\nimage = "x/y"\nmirrors = ["${bed.registry}/${name}"]\n`);
      bed.write(
        'exts/test_ext/1.0.0/bin/generate',
        `#!/bin/sh\nprintf 'FROM ${bed.registry}/${name}\\nUSER 1\\n' > "$1/run.Dockerfile"\n`,
        0o755,
      );
      const result = await bed.run('detector', [...DETECT, '-run', 'run.toml']);
      assert.equal(result.code, 0, result.stdout);
      assert.doesNotMatch(result.stdout, /not found in run metadata/);
      const analyzed = bed.text('layers/analyzed.toml');
      assert.match(analyzed, new RegExp(`^ {2}image = "${bed.registry}/${name}"\\n {2}extend = true$`, 'm'));
      assert.equal(analyzed.includes('@sha256:'), name === 'base/run:1', name);
    }
  });

  it('one that only builds leaves the run image untouched (D-69)', async (t) => {
    const bed = await extensionBed(t, `printf 'ARG base_image\\nFROM $''{base_image}\\n' > "$1/build.Dockerfile"`);
    const before = bed.text('layers/analyzed.toml');
    const result = await bed.run('detector', DETECT);
    assert.equal(result.code, 0, result.stdout);
    assert.equal(bed.text('layers/analyzed.toml'), before);
  });

  it('a failing one exits 91, a wrong Dockerfile 92, both by name (D-70, D-71)', async (t) => {
    const bed = await extensionBed(t, 'echo out of paper; exit 3');
    const failed = await bed.run('detector', DETECT);
    assert.equal(failed.code, 91);
    assert.match(failed.stdout, /^ERROR: failed to generate: extension test\/ext@1\.0\.0 failed: /m);
    assert.match(failed.stdout, /out of paper/);
    bed.write('exts/test_ext/1.0.0/bin/generate', '#!/bin/sh\necho "FROM Upper Case" > "$1/run.Dockerfile"\n', 0o755);
    const wrong = await bed.run('detector', DETECT);
    assert.equal(wrong.code, 92);
    assert.match(wrong.stdout, /failed to parse run\.Dockerfile for extension test\/ext: .*line 1/);
    bed.write('exts/test_ext/1.0.0/bin/generate', '#!/bin/sh\necho "FROM Upper/Case" > "$1/run.Dockerfile"\n', 0o755);
    const unnamed = await bed.run('detector', DETECT);
    assert.equal(unnamed.code, 92);
    assert.match(
      unnamed.stdout,
      /^ERROR: failed to parse run\.Dockerfile for extension test\/ext: FROM Upper\/Case: /m,
    );
  });
});
