import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { escapeId, type Order, type OrderElement } from '../../src/cnb/module.ts';
import type { Event } from '../../src/core/events.ts';
import { virtualParents } from '../../src/layer/place.ts';
import type { BuildDirs } from '../../src/phases/build-dirs.ts';
import type { DetectInput } from '../../src/phases/detect.ts';
import { openModules, type ModuleFinder } from '../../src/workspace/buildpacks.ts';
import { temporaryDirectory } from './context.ts';
import { BUILD_USER, openDirectory } from './sandbox.ts';

/** A buildpack to be written: sh scripts and what stands in its buildpack.toml. */
export interface BuildpackSpec {
  readonly id: string;
  readonly version?: string;
  /** Default 0.10. */
  readonly api?: string;
  /** More of `[buildpack]`, and tables after it. */
  readonly toml?: string;
  /** Body of `bin/detect`; default: passes. */
  readonly detect?: string;
  /** Body of `bin/build`; default: does nothing. */
  readonly build?: string;
}

/** An extension to be written; a program that is not given is not there. */
export interface ExtensionSpec extends Omit<BuildpackSpec, 'build'> {
  /** Body of `bin/generate`; `$1` is the output directory. */
  readonly generate?: string;
  /** Other files, by their path in the extension. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Directories of one build in a temporary directory, as buildpacks see them at the standard paths. */
export class Workbench {
  readonly directory: string;
  readonly dirs: Omit<Required<BuildDirs>, 'root' | 'modules' | 'mounts'>;
  readonly modules: ModuleFinder;
  readonly extensions: ModuleFinder;
  readonly app: string;
  readonly layers: string;

  constructor(test: TestContext) {
    this.directory = temporaryDirectory(test);
    chmodSync(this.directory, 0o755);
    this.app = openDirectory(this.directory, 'app');
    this.layers = openDirectory(this.directory, 'layers');
    const pair = (name: string, logical: string) => ({ real: join(this.directory, name), logical });
    const place = (real: string, logical: string) => ({
      real,
      logical,
      owner: BUILD_USER,
      parents: virtualParents(logical, BUILD_USER),
    });
    this.dirs = {
      layers: place(this.layers, '/layers'),
      app: place(this.app, '/workspace'),
      platform: pair('platform', '/platform'),
      buildConfig: pair('build-config', '/cnb/build-config'),
      buildpacks: pair('buildpacks', '/cnb/buildpacks'),
      extensions: pair('extensions', '/cnb/extensions'),
    };
    mkdirSync(this.dirs.buildpacks.real);
    this.modules = openModules(this.dirs.buildpacks.real, 'buildpack');
    this.extensions = openModules(this.dirs.extensions.real, 'extension');
  }

  /** Writes a buildpack and returns its place in an order. */
  buildpack(spec: BuildpackSpec): OrderElement {
    const version = spec.version ?? '1.0.0';
    const root = join('buildpacks', escapeId(spec.id), version);
    const head = `api = "${spec.api ?? '0.10'}"\n[buildpack]\nid = "${spec.id}"\nversion = "${version}"\n`;
    this.write(join(root, 'buildpack.toml'), head + (spec.toml ?? ''));
    if (!(spec.toml ?? '').includes('[[order')) {
      this.write(join(root, 'bin', 'detect'), `#!/bin/sh\n${spec.detect ?? ''}\n`, 0o755);
      this.write(join(root, 'bin', 'build'), `#!/bin/sh\n${spec.build ?? ''}\n`, 0o755);
    }
    return { kind: 'buildpack', id: spec.id, version, optional: false };
  }

  /** Writes an extension with the files given, programs executable, and returns its place in an order. */
  extension(spec: ExtensionSpec): OrderElement {
    const version = spec.version ?? '1.0.0';
    const root = join('extensions', escapeId(spec.id), version);
    const head = `api = "${spec.api ?? '0.10'}"\n[extension]\nid = "${spec.id}"\nversion = "${version}"\n`;
    this.write(join(root, 'extension.toml'), head + (spec.toml ?? ''));
    if (spec.detect !== undefined) this.write(join(root, 'bin', 'detect'), `#!/bin/sh\n${spec.detect}\n`, 0o755);
    if (spec.generate !== undefined) this.write(join(root, 'bin', 'generate'), `#!/bin/sh\n${spec.generate}\n`, 0o755);
    for (const [path, text] of Object.entries(spec.files ?? {})) this.write(join(root, path), text);
    return { kind: 'extension', id: spec.id, version, optional: true };
  }

  /** A file below the workbench: `platform/env/NAME`, `app/package.json`. */
  write(path: string, text: string, mode = 0o644): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
  }

  readLayers(path: string): string {
    return readFileSync(join(this.layers, path), 'utf8');
  }

  /** Every path below the layers directory, sorted. */
  layerPaths(below = ''): readonly string[] {
    return readdirSync(join(this.layers, below), { recursive: true, encoding: 'utf8' }).sort();
  }

  /** The input of detect and, but for order and system, of build. */
  input(order: Order, options: Partial<DetectInput> = {}): DetectInput {
    return {
      dirs: this.dirs,
      order,
      system: { pre: [], post: [] },
      target: { os: 'linux', arch: 'amd64', distro: { name: 'debian', version: '12' } },
      execEnv: 'production',
      inheritedEnv: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp/home' },
      features: platformFeatures('0.15'),
      osRelease: undefined,
      hostArchitecture: 'amd64',
      ...options,
    };
  }
}

/** The text of `log` events from a level on, with buildpack output between, as the lifecycle programs print it. */
export function logText(events: readonly Event[], from: 'debug' | 'info' = 'debug'): readonly string[] {
  const names = { debug: '', info: '', warn: 'Warning: ', error: 'ERROR: ' } as const;
  return events.flatMap((event) => {
    if (event.type === 'output') return [event.line];
    if (event.type !== 'log' || (from === 'info' && event.level === 'debug')) return [];
    return `${names[event.level]}${event.message}`.replace(/\n$/, '').split('\n');
  });
}
