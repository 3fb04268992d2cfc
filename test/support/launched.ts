import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { encodeMetadata } from '../../src/cnb/files/metadata.ts';
import type { BuildMetadata, LaunchProcess } from '../../src/cnb/process.ts';
import { shellLauncher } from '../../src/launcher/shell-launcher.ts';
import { temporaryDirectory } from './context.ts';
import { NODE } from './program.ts';

/** A shell to run the launcher under. `argv0` is how an image calls it. */
export interface TestShell {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly argv0: string;
}

const CANDIDATES: readonly TestShell[] = [
  { name: 'dash', argv: ['dash'], argv0: 'sh' },
  { name: 'busybox ash', argv: ['busybox', 'sh'], argv0: 'busybox' },
  { name: 'bash', argv: ['bash'], argv0: 'sh' },
];

/** Stands where a shell is asked for: the launcher of the package, `new LaunchBed(…, 'package')`, which brings its own. */
export const PACKAGE_LAUNCHER: TestShell = { name: 'the program of the package', argv: [NODE], argv0: NODE };

/** The shells of this machine, by absolute path; `sh` alone when none of the known ones is there. */
export function testShells(): readonly TestShell[] {
  const found = CANDIDATES.flatMap((shell) => {
    const [command, ...rest] = shell.argv;
    const path = (process.env['PATH'] ?? '')
      .split(':')
      .map((directory) => join(directory, command))
      .find((file) => existsSync(file));
    return path === undefined ? [] : [{ ...shell, argv: [path, ...rest] as const }];
  });
  return found.length > 0 ? found : [{ name: 'sh', argv: ['/bin/sh'], argv0: 'sh' }];
}

export interface Launched {
  /** Standard output as it came. */
  readonly bytes: Buffer;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LaunchOptions {
  /** Name in `/cnb/process`; absent = the launcher itself. */
  readonly type?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** The whole environment besides the three CNB variables and PATH; undefined takes one of those away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly shell?: TestShell;
}

/** An app image's directories below a temporary one, with the shell launcher for `metadata` in it. */
export class LaunchBed {
  readonly root: string;
  readonly layers: string;
  readonly app: string;
  readonly metadata: BuildMetadata;

  constructor(test: TestContext, metadata: Partial<BuildMetadata>, launcher: 'shell' | 'package' = 'shell') {
    this.root = temporaryDirectory(test);
    this.layers = join(this.root, 'layers');
    this.app = join(this.root, 'workspace');
    for (const directory of [this.layers, this.app, this.process(''), join(this.root, 'cnb/lifecycle')])
      mkdirSync(directory, { recursive: true });
    this.metadata = {
      buildpacks: [],
      extensions: [],
      labels: [],
      processes: [],
      slices: [],
      ...metadata,
    };
    const features = platformFeatures('0.15');
    this.write('layers/config/metadata.toml', encodeMetadata(this.metadata, features));
    if (launcher === 'package') symlinkSync(resolve('bin/lifecycle/launcher'), this.launcher());
    else writeFileSync(this.launcher(), shellLauncher(this.metadata, features), { mode: 0o755 });
    for (const type of new Set(this.metadata.processes.map((process) => process.type))) this.link(type);
  }

  /** Another name in `/cnb/process`; one that is there stays. */
  link(type: string): void {
    if (!existsSync(this.process(type))) symlinkSync(this.launcher(), this.process(type));
  }

  launcher(): string {
    return join(this.root, 'cnb/lifecycle/launcher');
  }

  process(type: string): string {
    return join(this.root, 'cnb/process', type);
  }

  /** Writes a file, path relative to the root; executable when it begins with `#!`. */
  write(path: string, text: string | Uint8Array): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (typeof text === 'string' && text.startsWith('#!')) chmodSync(file, 0o755);
  }

  /** Runs the launcher; paths of the temporary directory are shown as in an image. */
  launch(options: LaunchOptions = {}): Launched {
    const shell = options.shell;
    const file = options.type === undefined ? this.launcher() : this.process(options.type);
    const [command, ...before] = shell === undefined ? [file] : [...shell.argv, file];
    const env = {
      PATH: `/cnb/process:/cnb/lifecycle:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
      CNB_LAYERS_DIR: this.layers,
      CNB_APP_DIR: this.app,
      CNB_PLATFORM_API: '0.15',
      ...options.env,
    };
    const result = spawnSync(command, [...before, ...(options.args ?? [])], {
      cwd: this.app,
      env,
      // bash takes a socket as its input, which a Node pipe is, for a remote login and reads ~/.bashrc.
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(shell === undefined ? {} : { argv0: shell.argv0 }),
    });
    if (result.error !== undefined) throw result.error;
    return {
      bytes: result.stdout,
      code: result.status,
      stdout: this.#asInImage(result.stdout),
      stderr: this.#asInImage(result.stderr),
    };
  }

  #asInImage(bytes: Buffer): string {
    return bytes.toString('utf8').replaceAll(`${this.root}/`, '/');
  }
}

/** A direct process with what a test does not care about left at its default. */
export function launchProcess(
  type: string,
  command: readonly string[],
  rest: Partial<LaunchProcess> = {},
): LaunchProcess {
  return { type, command, direct: true, isDefault: false, buildpackId: 'test/one', ...rest };
}

/** A buildpack of metadata.toml. */
export const TEST_BUILDPACK = { id: 'test/one', version: '1.0.0', api: '0.12' } as const;
