import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/**
 * The exit codes of contract §3 that can be reached with Platform API 0.14 and 0.15, and the words that go with them (§18.4). 2, 3, 11
 * and 32 have more cases in cli-lifecycle.test.ts and run-image.test.ts; 72 in the rebaser's tests.
 */
interface Case {
  readonly code: number;
  readonly when: string;
  readonly program: keyof typeof ARGS;
  /** Besides those that the program always has here. */
  readonly args?: readonly string[];
  readonly buildpack?: Partial<SampleBuildpack>;
  /** The registry takes nothing. */
  readonly isReadOnly?: boolean;
  readonly prepare?: (bed: LifecycleBed) => void;
  readonly env?: Readonly<Record<string, string>>;
  /** In the output; a text is a whole line. */
  readonly says: string | RegExp;
}

const DETECT = ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml'];
const EXPORT = ['-app', 'app', '-launcher', './launcher', '-launcher-sbom', 'sboms'];
const ARGS = {
  analyzer: ['-run-image', 'HOST/base/run:1'],
  detector: DETECT,
  restorer: ['-cache-dir', 'cache'],
  builder: ['-app', 'app', '-buildpacks', 'bps'],
  exporter: EXPORT,
  creator: [...DETECT, ...EXPORT, '-run-image', 'HOST/base/run:1'],
} as const;
const WITH_IMAGE = ['analyzer', 'exporter', 'creator'];
/** Metadata of an app image that had one launch layer. */
const LAUNCH_LAYER = `[[metadata.buildpacks]]
  key = "test/sample"
  version = "1.0.0"
  [metadata.buildpacks.layers.kept]
    sha = "sha256:${'1'.repeat(64)}"
    launch = true
`;
const NOTHING: SampleBuildpack = { id: 'test/sample', build: 'true' };

const CASES: readonly Case[] = [
  {
    code: 1,
    when: 'order.toml is missing (D-03)',
    program: 'detector',
    args: ['-order', 'nowhere.toml'],
    says: /^ERROR: failed to initialize detector: reading order: failed to read order file: .*nowhere\.toml/m,
  },
  {
    code: 1,
    when: 'order.toml is no TOML (D-03)',
    program: 'detector',
    prepare: (bed) => bed.write('order.toml', '[[order]\n'),
    says: /^ERROR: failed to initialize detector: reading order: failed to read order file: .*order\.toml:1:/m,
  },
  {
    code: 1,
    when: 'a buildpack of the order is not there (D-09)',
    program: 'detector',
    prepare: (bed) => bed.write('order.toml', '[[order]]\n[[order.group]]\nid = "no/such"\nversion = "1"\n'),
    says: /^ERROR: failed to initialize detector: open .*bps\/no_such\/1\/buildpack\.toml: no such file or directory$/m,
  },
  {
    code: 1,
    when: 'the plan is missing',
    program: 'builder',
    args: ['-plan', 'nowhere.toml'],
    says: /^ERROR: failed to read plan file: .*nowhere\.toml/m,
  },
  {
    code: 1,
    when: 'the cache directory is a file (GAP-3)',
    program: 'restorer',
    prepare: (bed) => bed.write('cache', ''),
    says: /^ERROR: failed to create volume cache: .*cache/m,
  },
  {
    code: 2,
    when: 'a flag is another phase’s',
    program: 'builder',
    args: ['-order', 'order.toml'],
    says: /^flag provided but not defined: -order\nUsage of lifecycle:/,
  },
  {
    code: 3,
    when: 'analyzed.toml is no TOML',
    program: 'exporter',
    prepare: (bed) => bed.write('layers/analyzed.toml', '[run-image\n'),
    says: /^ERROR: failed to resolve inputs: failed to read analyzed file: .*analyzed\.toml:1:/m,
  },
  {
    code: 3,
    when: 'the run image is given to the exporter',
    program: 'exporter',
    args: ['-run-image', 'other'],
    says: 'ERROR: failed to resolve inputs: -run-image is unsupported',
  },
  {
    code: 12,
    when: 'a buildpack that is to detect asks for an unknown Buildpack API (C-11, D-10)',
    program: 'detector',
    buildpack: { api: '0.99' },
    says: /buildpack API version '0\.99' is incompatible with the lifecycle/,
  },
  ...(['restorer', 'builder', 'exporter'] as const).map((program): Case => ({
    code: 12,
    when: `group.toml has such a buildpack: ${program} (C-11)`,
    program,
    prepare: (bed) => bed.write('layers/group.toml', bed.text('layers/group.toml').replace('0.12', '0.99')),
    says: /buildpack API version '0\.99' is incompatible with the lifecycle/,
  })),
  {
    code: 20,
    when: 'no group passes and nothing failed (D-04)',
    program: 'detector',
    buildpack: { detect: 'exit 100' },
    says: /^ERROR: No buildpack groups passed detection\.\nERROR: Please check that you are running against the correct path\.\nERROR: failed to detect: no buildpacks participating$/m,
  },
  {
    code: 21,
    when: 'no group passes and a buildpack failed (D-05)',
    program: 'detector',
    buildpack: { detect: 'echo out of order; exit 3' },
    says: /^======== Output: test\/sample@1\.0\.0 ========\nout of order\n======== Results ========\nerr: {2}test\/sample@1\.0\.0 \(3\)\nERROR: No buildpack groups passed detection\.\nERROR: failed to detect: buildpack\(s\) failed with err$/m,
  },
  {
    code: 21,
    when: 'a buildpack is for another platform than the run image (D-45)',
    program: 'detector',
    buildpack: { toml: '\n[[targets]]\nos = "linux"\narch = "arm64"\n' },
    says: /^unable to satisfy target os\/arch constraints; run image: \{"os":"linux","arch":"amd64"/m,
  },
  {
    code: 22,
    when: 'an extension of the order takes part (K-02)',
    program: 'creator',
    prepare: (bed) => {
      const extensions = `[[order-extensions]]\n[[order-extensions.group]]\nid = "an/ext"\nversion = "1"\n`;
      bed.write('order.toml', `${bed.text('order.toml')}\n${extensions}`);
      bed.write('exts/an_ext/1/extension.toml', 'api = "0.10"\n[extension]\nid = "an/ext"\nversion = "1"\n');
    },
    env: { CNB_EXTENSIONS_DIR: 'exts' },
    says: /^ERROR: failed to detect: detected order contains extensions which is not supported by the creator$/m,
  },
  {
    code: 32,
    when: 'the image cannot be written to its registry',
    program: 'analyzer',
    isReadOnly: true,
    says: /^ERROR: failed to initialize analyzer: validating registry write access: failed to ensure registry read\/write access to [\d.:]+\/shop/m,
  },
  {
    code: 42,
    when: 'a layer cannot be restored to where a file is',
    program: 'restorer',
    prepare: (bed) => {
      bed.write('layers/analyzed.toml', `${bed.text('layers/analyzed.toml')}\n${LAUNCH_LAYER}`);
      bed.write('layers/test_sample', 'a file');
    },
    says: /^ERROR: failed to restore: .*test_sample/m,
  },
  {
    code: 51,
    when: 'a buildpack’s build ends with a code of its own',
    program: 'creator',
    buildpack: { build: 'exit 7' },
    says: /^ERROR: failed to build: .*test\/sample@1\.0\.0.*exit status 7/m,
  },
  {
    code: 51,
    when: 'a buildpack’s build is killed',
    program: 'builder',
    buildpack: { build: 'kill -9 $$' },
    says: /^ERROR: failed to build: .*test\/sample@1\.0\.0 failed: signal: SIGKILL$/m,
  },
  {
    code: 52,
    when: 'a buildpack writes a launch.toml that is no TOML',
    program: 'builder',
    buildpack: { build: `printf '[[processes]\\n' >"$1/launch.toml"` },
    says: /^ERROR: failed to build: .*launch\.toml:1:/m,
  },
  {
    code: 52,
    when: 'a buildpack writes the types of a layer at the top',
    program: 'builder',
    buildpack: { build: `mkdir "$1/bad"; printf 'launch = true\\n' >"$1/bad.toml"` },
    says: /^ERROR: failed to build: .*the launch, cache and build flags should be in the types table of .*test_sample\/bad\.toml$/m,
  },
  {
    code: 52,
    when: 'an unmet requirement has no name',
    program: 'builder',
    buildpack: { build: `printf '[[unmet]]\\nname = ""\\n' >"$1/build.toml"` },
    says: /^ERROR: failed to build: .*unmet\.name is required$/m,
  },
  {
    code: 52,
    when: 'an unmet requirement is not one of the plan',
    program: 'builder',
    buildpack: { build: `printf '[[unmet]]\\nname = "x"\\n' >"$1/build.toml"` },
    says: /^ERROR: failed to build: .*unmet\.name 'x' must match a requested dependency$/m,
  },
  {
    code: 52,
    when: 'two processes are the default',
    program: 'builder',
    buildpack: {
      build: `for type in a b; do printf '[[processes]]\\ntype = "%s"\\ncommand = ["x"]\\ndefault = true\\n' $type; done >"$1/launch.toml"`,
    },
    says: /^ERROR: failed to build: .*multiple default process types aren't allowed$/m,
  },
  {
    code: 62,
    when: 'metadata.toml is missing',
    program: 'exporter',
    says: /^ERROR: failed to export: read build metadata: .*config\/metadata\.toml/m,
  },
  {
    code: 62,
    when: 'the launcher is missing',
    program: 'creator',
    args: ['-launcher', './no-launcher'],
    says: /^ERROR: failed to export: .*\.\/no-launcher/m,
  },
  {
    code: 62,
    when: 'the process type does not exist',
    program: 'creator',
    args: ['-process-type', 'nope'],
    says: "ERROR: failed to export: determining entrypoint: tried to set nope to default but it doesn't exist",
  },
  {
    code: 62,
    when: 'the report cannot be written',
    program: 'creator',
    args: ['-report', 'app/index.html/report.toml'],
    says: /^ERROR: failed to write export report: .*app\/index\.html/m,
  },
];

describe('exit codes (contract §3)', () => {
  for (const each of CASES) {
    const { code, when, program, args = [], buildpack, prepare, says } = each;
    it(`${String(code)}, ${program}: ${when}`, async (t) => {
      const bed = await lifecycleBed(t, {
        buildpacks: [{ ...NOTHING, ...buildpack }],
        readOnly: each.isReadOnly ?? false,
      });
      const run = await putRunImage(bed);
      analyzedAndDetected(bed, run.digest, buildpack?.api ?? '0.12');
      prepare?.(bed);
      const own = ARGS[program].map((word) => word.replace('HOST', bed.registry));
      const image = WITH_IMAGE.includes(program) ? [`${bed.registry}/shop`] : [];
      const result = await bed.run(program, [...own, ...args, ...image], each.env);
      assert.equal(result.code, code, result.stdout + result.stderr);
      const output = code === 2 ? result.stderr : result.stdout;
      if (typeof says === 'string') assert.ok(output.split('\n').includes(says), output);
      else assert.match(output, says);
    });
  }
});

/** The files that analyzer and detector would have left. */
function analyzedAndDetected(bed: LifecycleBed, digest: string, api: string): void {
  const target = '  [run-image.target]\n    os = "linux"\n    arch = "amd64"\n';
  bed.write(
    'layers/analyzed.toml',
    `[run-image]\n  reference = "${bed.registry}/base/run@${digest}"\n  image = "${bed.registry}/base/run:1"\n${target}`,
    0o666,
  );
  bed.write('layers/group.toml', `[[group]]\n  id = "test/sample"\n  version = "1.0.0"\n  api = "${api}"\n`, 0o666);
  bed.write('layers/plan.toml', '', 0o666);
}
