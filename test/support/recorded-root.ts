import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const FIXTURES = 'testdata/golden/fixtures';
const STANDARD_FOLDERS = [
  'layers',
  'workspace',
  'platform',
  'cnb/buildpacks',
  'cnb/lifecycle',
  'cache',
  'io',
  'layout',
  'tmp',
  'dev',
  'proc',
  'home/cnb',
  'slipway',
  'node',
];

/** One program run as it was recorded: its arguments, its user and its Platform API. */
export interface RecordedRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly user: 'root' | '1000:1000' | '501:20';
  readonly api?: string;
  readonly cwd?: string;
  /** More variables, as `NAME=value` words. */
  readonly env?: readonly string[];
}

export interface RunResult {
  readonly exitCode: number;
  readonly output: string;
}

/**
 * A root directory as the golden data was recorded in: standard paths, this machine's /usr and /etc underneath, programs bundled with
 * the recorded product values. Steps are gathered and then run in one go in private mount and network namespaces, so that the
 * recorded registry address 127.0.0.1:5910 is free. Needs root; `whyNot` says what is missing.
 */
export class RecordedRoot {
  readonly directory: string;
  readonly registry: string;
  readonly #steps: string[] = [];
  #runs = 0;

  constructor(directory: string) {
    this.directory = join(directory, 'root');
    this.registry = join(directory, 'registry');
    mkdirSync(join(directory, 'out'), { recursive: true });
    for (const folder of STANDARD_FOLDERS) mkdirSync(join(this.directory, folder), { recursive: true, mode: 0o755 });
    chmodSync(join(this.directory, 'tmp'), 0o1777);
    for (const entry of readdirSync('/')) {
      const stat = lstatSync(`/${entry}`);
      if (stat.isSymbolicLink() && /^(bin|sbin|lib.*)$/.test(entry))
        symlinkSync(readlinkSync(`/${entry}`), join(this.directory, entry));
    }
    for (const file of readdirSync(FIXTURES).filter((name) => /\.toml$|^launcher-stub$/.test(name)))
      cpSync(join(FIXTURES, file), join(this.directory, 'io', file));
    cpSync(join(FIXTURES, 'platform'), join(this.directory, 'platform'), { recursive: true });
    chmodSync(join(this.directory, 'io', 'launcher-stub'), 0o755);
    this.shell(`tar -xpf ${resolve(FIXTURES, 'buildpacks.tar')} -C "$ROOT/cnb/buildpacks" --strip-components=1`);
    this.resetLayers();
  }

  /** Empty /layers and /cache, owned by the build user. */
  resetLayers(): void {
    this.shell(
      'rm -rf "$ROOT/layers" "$ROOT/cache"; mkdir -m 755 "$ROOT/layers" "$ROOT/cache"; chown 1000:1000 "$ROOT/layers" "$ROOT/cache"',
    );
  }

  /** The layers directory alone, as a second build in a new container finds it; the cache stays. */
  clearLayers(): void {
    this.shell('rm -rf "$ROOT/layers"; mkdir -m 755 "$ROOT/layers"; chown 1000:1000 "$ROOT/layers"');
  }

  /** Unpacks an app tar into /workspace; without one the app is empty. */
  app(tar?: string): void {
    this.shell('rm -rf "$ROOT/workspace"; mkdir -m 755 "$ROOT/workspace"');
    if (tar !== undefined) this.shell(`tar --numeric-owner -xpf ${resolve(FIXTURES, tar)} -C "$ROOT/workspace"`);
    this.shell('chown -R 1000:1000 "$ROOT/workspace"; chmod 755 "$ROOT/workspace"');
  }

  /** A shell step outside of the root; `$ROOT` is the root directory. */
  shell(script: string): void {
    this.#steps.push(script);
  }

  /** Gathers one program run; `finish` returns its result at this index. */
  run(step: RecordedRun): void {
    const user = step.user === 'root' ? '' : `--userspec=${step.user}`;
    const argv = step.args.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const out = join(dirname(this.directory), 'out', String(this.#runs));
    this.#runs += 1;
    this.#steps.push(
      `code=0; chroot ${user} "$ROOT" /usr/bin/env -i PATH=/node:/usr/local/bin:/usr/bin:/bin HOME=/home/cnb CNB_PLATFORM_API=${step.api ?? '0.15'} ${(step.env ?? []).join(' ')} ` +
        `/bin/sh -c 'umask 022; cd ${step.cwd ?? '/'}; exec /slipway/bin/lifecycle/${step.program} "$@"' sh ${argv} >${out}.log 2>&1 || code=$?; echo $code >${out}.code`,
    );
  }

  /** Runs all steps; one result for each `run`. Throws with the script's own output when a shell step failed. */
  async finish(): Promise<readonly RunResult[]> {
    const programs = await bundlePrograms(join(dirname(this.directory), 'programs'));
    const script = [
      'set -eu',
      `ROOT=${this.directory}`,
      'mount --make-rprivate /',
      'for d in usr etc; do mkdir -p "$ROOT/$d"; mount --bind "/$d" "$ROOT/$d"; done',
      'for d in bin sbin lib lib32 lib64; do if [ -d "/$d" ] && [ ! -L "/$d" ]; then mkdir -p "$ROOT/$d"; mount --bind "/$d" "$ROOT/$d"; fi; done',
      `mount --bind ${dirname(process.execPath)} "$ROOT/node"`,
      `mount --bind ${programs} "$ROOT/slipway"`,
      'mount --rbind /dev "$ROOT/dev"',
      'mount -t proc proc "$ROOT/proc"',
      'ip link set lo up 2>/dev/null || busybox ip link set lo up',
      `node=${process.execPath}`,
      `"$node" ${programs}/dist/bin/slipway.js registry serve ${this.registry} --listen 127.0.0.1:5910 >${join(dirname(this.directory), 'registry.log')} 2>&1 &`,
      'server=$!',
      'trap \'kill "$server"\' EXIT',
      `"$node" -e 'const n=require("node:net");const t=()=>n.connect(5910,"127.0.0.1").once("connect",()=>process.exit(0)).once("error",()=>setTimeout(t,50));t();setTimeout(()=>process.exit(1),20000)'`,
      ...this.#steps,
    ].join('\n');
    const file = join(dirname(this.directory), 'steps.sh');
    writeFileSync(file, `${script}\n`);
    const result = spawnSync('unshare', ['--mount', '--net', '--', '/bin/sh', file], { encoding: 'utf8' });
    if (result.status !== 0)
      throw new Error(`the steps ended with ${String(result.status)}: ${result.stderr}${result.stdout}`);
    return Array.from({ length: this.#runs }, (_, index) => {
      const out = join(dirname(this.directory), 'out', String(index));
      return { exitCode: Number(readFileSync(`${out}.code`, 'utf8')), output: readFileSync(`${out}.log`, 'utf8') };
    });
  }
}

/** Why recorded runs cannot be repeated here; undefined when they can. */
export function whyNoRecordedRoot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root';
  const probe = spawnSync(
    'unshare',
    [
      '--mount',
      '--net',
      '--',
      '/bin/sh',
      '-c',
      'mount --make-rprivate / && { ip link set lo up || busybox ip link set lo up; }',
    ],
    { encoding: 'utf8' },
  );
  return probe.status === 0 ? undefined : `unshare --mount --net does not work here: ${probe.stderr.trim()}`;
}

/** The programs with the product values that the golden labels hold. */
async function bundlePrograms(directory: string): Promise<string> {
  await build({
    entryPoints: { 'bin/slipway': 'src/cli/slipway.ts', 'lifecycle/main': 'src/cli/lifecycle.ts' },
    outdir: join(directory, 'dist'),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    loader: { '.sh': 'text' },
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as __slipwayRequire } from 'node:module'; const require = __slipwayRequire(import.meta.url);",
    },
    define: {
      __SLIPWAY_VERSION__: '"0.0.0"',
      __SLIPWAY_COMMIT__: '"4bd4b13e"',
      __SLIPWAY_REPOSITORY__: '"github.com/buildpacks/lifecycle"',
    },
  });
  cpSync('bin/lifecycle', join(directory, 'bin/lifecycle'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}\n');
  return directory;
}
