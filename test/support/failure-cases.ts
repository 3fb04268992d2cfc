/** What stands in the recorded root when a failure's commands begin. */
export type State =
  'empty' | 'analyzed' | 'detected' | 'built' | 'fail-detected' | 'layers-detected' | 'layers-built' | 'cached';

/** How a recorded failure was brought about, and what each of its commands must say here. */
export interface FailureCase {
  readonly name: string;
  readonly state: State;
  /** Shell steps before the commands; `$ROOT` is the root directory. */
  readonly prepare?: string;
  /** Shell steps after the commands. */
  readonly end?: string;
  /** By the recorded name of the step: a text that names the subject. Steps that are not reached here are absent. */
  readonly says: Readonly<Record<string, RegExp>>;
}

const DAMAGED = '69cc4b96289c632a0f9e45246246c4ab172fee54bf49092d313d5f89a981746c';
const COMMITTED = '"$ROOT/cache/committed';
const METADATA = `${COMMITTED}/io.buildpacks.lifecycle.cache.metadata"`;

export const FAILURE_CASES: readonly FailureCase[] = [
  {
    name: 'api-missing-or-wrong',
    state: 'empty',
    says: {
      '1-none': /ERROR: failed to get platform API version; please set 'CNB_PLATFORM_API'/,
      '2-too-new': /ERROR: .*platform API version '0\.99' is incompatible with the lifecycle/,
      '3-too-old': /ERROR: .*platform API version '0\.3' is incompatible with the lifecycle/,
      '4-garbage': /ERROR: failed to parse platform API 'abc'/,
    },
  },
  {
    name: 'app-dir-missing',
    state: 'built',
    says: { '1': /ERROR: failed to export: .*\/no\/app/, '2-detector': /\/no\/app: no such file or directory/ },
  },
  {
    name: 'app-special-files',
    state: 'built',
    prepare: 'mkfifo "$ROOT/workspace/pipe"; mknod "$ROOT/workspace/null" c 1 3',
    says: { '1': /\*\*\* Images \(sha256:/ },
  },
  {
    name: 'app-unreadable-file',
    state: 'built',
    prepare: 'echo x >"$ROOT/workspace/secret"; chmod 600 "$ROOT/workspace/secret"',
    says: { '1': /ERROR: failed to export: .*\/workspace\/secret/ },
  },
  {
    name: 'bad-toml-analyzed',
    state: 'built',
    prepare: 'printf "run-image = " >"$ROOT/layers/analyzed.toml"',
    says: {
      '1-restorer': /Warning: .*analyzed\.toml/,
      '2': /ERROR: failed to resolve inputs: failed to read analyzed file: .*analyzed\.toml/,
    },
  },
  {
    name: 'bad-toml-group',
    state: 'detected',
    prepare: 'printf "group {" >"$ROOT/layers/group.toml"',
    says: {
      '1-restorer': /ERROR: failed to read group file: .*group\.toml/,
      '2-builder': /ERROR: failed to read group file: .*group\.toml/,
      '3': /ERROR: failed to read group file: .*group\.toml/,
    },
  },
  {
    name: 'bad-toml-launch',
    state: 'fail-detected',
    prepare: 'touch "$ROOT/workspace/fail-toml"',
    says: { '1': /ERROR: failed to build: .*oracle_fail\/launch\.toml/ },
  },
  {
    name: 'bad-toml-layer',
    state: 'fail-detected',
    prepare: 'touch "$ROOT/workspace/fail-layer-toml"',
    says: {
      '1': /the launch, cache and build flags should be in the types table of \/layers\/oracle_fail\/bad\.toml/,
      '2': /ERROR: failed to export: read build metadata: .*\/layers\/config\/metadata\.toml/,
    },
  },
  {
    name: 'bad-toml-metadata',
    state: 'built',
    prepare: 'echo "processes = 7" >"$ROOT/layers/config/metadata.toml"',
    says: { '1': /ERROR: failed to export: read build metadata: .*metadata\.toml: processes/ },
  },
  {
    name: 'bad-toml-order',
    state: 'analyzed',
    prepare: 'printf "\\n[[order]\\n" >"$ROOT/io/bad.toml"',
    says: { '1': /ERROR: failed to initialize detector: reading order: failed to read order file: .*\/io\/bad\.toml/ },
  },
  {
    name: 'bogus-run-image-reference',
    state: 'built',
    prepare: `sed -i 's/^  reference = "127.*/  reference = "2953d1b52d8f0d14dca537cea7bc939119d9c9c6c0e57357897bcc89ca6c4e44"/' "$ROOT/layers/analyzed.toml"`,
    says: { '1': /ERROR: .*2953d1b52d8f0d14dca537cea7bc939119d9c9c6c0e57357897bcc89ca6c4e44/ },
  },
  {
    name: 'buildpack-build-7',
    state: 'fail-detected',
    prepare: 'echo 7 >"$ROOT/workspace/fail-build"',
    says: { '1': /fail: to stderr\n[\s\S]*ERROR: failed to build: .*oracle\/fail@0\.1\.0.*exit status 7/ },
  },
  {
    name: 'buildpack-detect-100',
    state: 'analyzed',
    prepare: 'echo 100 >"$ROOT/workspace/fail-detect"',
    says: { '1': /fail: oracle\/fail@0\.1\.0\n[\s\S]*ERROR: failed to detect: no buildpacks participating/ },
  },
  {
    name: 'buildpack-detect-3',
    state: 'analyzed',
    prepare: 'echo 3 >"$ROOT/workspace/fail-detect"',
    says: { '1': /err: {2}oracle\/fail@0\.1\.0 \(3\)\n[\s\S]*ERROR: failed to detect: buildpack\(s\) failed with err/ },
  },
  {
    name: 'cache-dir-missing-nonroot',
    state: 'detected',
    says: {
      '1-restorer': /ERROR: failed to create volume cache: .*\/no-such-cache/,
      '2-builder': /moon: plan has 0 entries/,
      '3-exporter': /ERROR: failed to create volume cache: .*\/no-such-cache/,
    },
  },
  {
    name: 'cache-dir-unwritable',
    state: 'layers-built',
    prepare: 'chown 0:0 "$ROOT/cache"',
    says: { '1-exporter-nonroot': /ERROR: .*\/cache/ },
  },
  {
    name: 'cache-staging-absent',
    state: 'layers-built',
    says: { '1-staging-removed': /\*\*\* Images[\s\S]*Adding cache layer 'oracle\/layers:cache-only'/ },
  },
  ...corruptions({
    flip: `printf X | dd of=${COMMITTED}/sha256:${DAMAGED}.tar" bs=1 seek=3000 conv=notrunc 2>/dev/null`,
    truncate: `truncate -s 5000 ${COMMITTED}/sha256:${DAMAGED}.tar"`,
    missing: `rm ${COMMITTED}/sha256:${DAMAGED}.tar"`,
    'metadata-sha': `sed -i 's/${DAMAGED}/${'0'.repeat(64)}/' ${METADATA}`,
  }),
  {
    name: 'corrupt-cache-metadata-json',
    state: 'cached',
    prepare: `printf '{"buildpacks": [' >${METADATA}`,
    says: {
      '1-restorer': /Warning: the cache in \/cache is not used: .*io\.buildpacks\.lifecycle\.cache\.metadata/,
      '2-builder': /layers: before: launch-cache: absent\n/,
      '3-exporter': /Adding cache layer 'oracle\/layers:launch-cache'/,
    },
  },
  {
    name: 'creator-build-7',
    state: 'empty',
    prepare: 'echo 7 >"$ROOT/workspace/fail-build"',
    says: { '1': /ERROR: failed to build: .*oracle\/fail@0\.1\.0.*exit status 7/ },
  },
  {
    name: 'flags',
    state: 'empty',
    says: {
      '1-no-image': /ERROR: failed to parse arguments: received 0 arguments, but expected 1/,
      '2-unknown-flag': /flag provided but not defined: -nope\n/,
      '3-detector-root': /ERROR: failed to detect: refusing to run as root/,
      '4-bad-ref': /ERROR: failed to resolve inputs: could not parse reference: UPPER\/case:tag:x/,
      '5-no-run-image': /ERROR: failed to resolve inputs: -run-image is required when there is no run metadata/,
      '6-both-caches': /ERROR: .*-cache-image and -cache-dir/,
    },
  },
  {
    name: 'index-lacks-platform',
    state: 'empty',
    says: { '1': /ERROR: .*127\.0\.0\.1:5910\/base\/run:arm64-only[\s\S]*linux\/arm64/ },
  },
  {
    name: 'layers-dir-unwritable',
    state: 'empty',
    prepare: 'chown 0:0 "$ROOT/layers"',
    says: { '1': /ERROR: cannot write \/layers\/group\.toml: EACCES/ },
  },
  {
    name: 'missing-group',
    state: 'empty',
    says: {
      '1': /ERROR: failed to read group file: .*\/layers\/group\.toml/,
      '2': /ERROR: failed to resolve inputs: run image not found in analyzed metadata\n.*\/layers\/analyzed\.toml/,
    },
  },
  {
    name: 'missing-launcher',
    state: 'built',
    says: { '1': /ERROR: failed to export: .*\/no\/launcher/ },
  },
  {
    name: 'missing-run-image',
    state: 'empty',
    says: { '1': /ERROR: .*127\.0\.0\.1:5910\/base\/none:1/ },
  },
  {
    name: 'order-unknown-buildpack',
    state: 'analyzed',
    prepare: `printf '[[order]]\\n[[order.group]]\\nid = "no/such"\\nversion = "1"\\n' >"$ROOT/io/u.toml"`,
    says: {
      '1': /ERROR: failed to initialize detector: .*\/cnb\/buildpacks\/no_such\/1\/buildpack\.toml: no such file/,
    },
  },
  {
    name: 'process-type-unknown',
    state: 'built',
    says: { '1': /ERROR: failed to export: .*tried to set nope to default but it doesn't exist/ },
  },
  {
    name: 'registry-down',
    state: 'empty',
    says: { '1': /ERROR: failed to analyze: .*127\.0\.0\.1:5999 could not be reached: the connection was refused/ },
  },
  {
    name: 'tag-on-other-registry',
    state: 'built',
    prepare: [
      '"$node" "$ROOT/slipway/dist/bin/slipway.js" registry serve "$ROOT/../second" --listen 127.0.0.1:5911 >/dev/null 2>&1 &',
      `second=$!; trap 'kill "$server" "$second"' EXIT`,
      `"$node" -e 'const n=require("node:net");const t=()=>n.connect(5911,"127.0.0.1").once("connect",()=>process.exit(0)).once("error",()=>setTimeout(t,50));t();setTimeout(()=>process.exit(1),20000)'`,
    ].join('\n'),
    end: `kill "$second"; trap 'kill "$server"' EXIT`,
    says: {
      '1': /\*\*\* Images[^\n]*\n +127\.0\.0\.1:5911\/app\/y\n +127\.0\.0\.1:5910\/app\/fail-tag-on-other-registry\n/,
    },
  },
  {
    name: 'unwritable-layout',
    state: 'empty',
    prepare:
      'mkdir -p "$ROOT/layout/registry.example/base/run"; cp -r "$FIXTURES/base/run-single" "$ROOT/layout/registry.example/base/run/v1"; chown -R 0:0 "$ROOT/layout"',
    says: { '1': /ERROR: .*\/layout\/registry\.example\/app/ },
  },
  {
    name: 'unwritable-report',
    state: 'built',
    says: { '1': /ERROR: failed to write export report: .*\/no/ },
  },
  {
    name: 'wrong-target-arch',
    state: 'analyzed',
    says: {
      '1': /unable to satisfy target os\/arch constraints; run image: .*buildpack: \[\{"os":"linux","arch":"arm64"/,
    },
  },
];

/** The launch-cache layer of a cache is damaged: said, and made anew; the others come back. */
function corruptions(damages: Readonly<Record<string, string>>): readonly FailureCase[] {
  return Object.entries(damages).map(([name, prepare]) => ({
    name: `corrupt-cache-${name}`,
    state: 'cached',
    prepare,
    says: {
      '1-restorer': /Warning: Skipping restore for layer oracle\/layers:launch-cache: /,
      '2-builder': /before: cache-only: present\n.*before: all: present\n.*before: launch-cache: absent\n/,
      '3-exporter': /Adding cache layer 'oracle\/layers:launch-cache'/,
    },
  }));
}
