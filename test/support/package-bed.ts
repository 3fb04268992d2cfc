import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createLocator, type Locator } from '../../src/locate/locator.ts';
import { parseLocation, type Location } from '../../src/oci/location.ts';
import type { Platform } from '../../src/oci/platform.ts';
import type { Image } from '../../src/ports/image.ts';
import { makeBuilder, type BuilderOptions } from '../../src/platform/package/make-builder.ts';
import { makePackage, type PackageOptions } from '../../src/platform/package/make-package.ts';
import type { SavedImages } from '../../src/platform/package/save-images.ts';
import { temporaryDirectory, testContext, type TestContextOf } from './context.ts';
import { writeBuildpacks } from './sample-buildpacks.ts';

const NODE = {
  id: 'acme/node',
  toml: 'name = "Node"\nhomepage = "https://acme.example"\n[[stacks]]\nid = "*"\n',
  build: 'true',
};
const TOOL = { id: 'acme/tool', version: '2.1.0', build: 'true' };

export interface PackageBed {
  readonly directory: string;
  readonly ctx: TestContextOf;
  readonly directoryOf: (name: string) => string;
  /** A location below the directory. */
  readonly at: (text: string) => Location;
  /** A composite buildpack in `meta`, with that package.toml. */
  readonly composite: (packageToml: string) => void;
  readonly make: (
    asked: { readonly path: string; readonly to: string } & Partial<PackageOptions>,
  ) => Promise<SavedImages>;
  /** Makes a builder of that builder.toml. */
  readonly builder: (text: string, to: string, options?: Partial<BuilderOptions>) => Promise<SavedImages>;
  readonly find: (location: string, target?: Platform) => Promise<Image>;
}

/** Buildpacks on disk, and locations relative to the test's directory. */
export function packageBed(t: TestContext): PackageBed {
  const directory = temporaryDirectory(t);
  const ctx = testContext(t);
  writeBuildpacks(join(directory, 'buildpacks'), [NODE, TOOL]);
  const registry = {
    insecure: [],
    credentials: { find: () => Promise.resolve({ trace: [] }) },
    userAgent: 'test',
    retry: { attempts: 1 },
  };
  const open = (): Locator => createLocator({ registry, hostArchitecture: 'arm64' });
  const downloads = { directory: join(directory, 'downloads'), registry };
  const at = (text: string): Location => {
    const location = parseLocation(text);
    if (location.kind === 'oci') return { ...location, dir: join(directory, location.dir) };
    return 'file' in location ? { ...location, file: join(directory, location.file) } : location;
  };
  return {
    directory,
    ctx,
    at,
    directoryOf: (name) => join(directory, 'buildpacks', name),
    composite: (packageToml) => {
      mkdirSync(join(directory, 'meta'));
      const group =
        '[[order]]\n[[order.group]]\nid = "acme/node"\nversion = "1.0.0"\n[[order.group]]\nid = "acme/tool"\nversion = "2.1.0"\n';
      writeFileSync(
        join(directory, 'meta', 'buildpack.toml'),
        `api = "0.12"\n[buildpack]\nid = "acme/meta"\nversion = "1.0.0"\n${group}`,
      );
      writeFileSync(join(directory, 'meta', 'package.toml'), packageToml);
    },
    make: async ({ path, to, ...options }) => {
      await using locator = open();
      const outputs = options.outputs ?? [{ location: at(to), shown: to }];
      return await makePackage(
        { kind: 'buildpack', path, platforms: [], hostArchitecture: 'arm64', ...options, outputs },
        { locator, downloads },
        ctx,
      );
    },
    builder: async (text, to, options = {}) => {
      await using locator = open();
      const config = join(directory, 'builder.toml');
      writeFileSync(config, text);
      const outputs = [{ location: at(to), shown: to }];
      return await makeBuilder({ config, platforms: [], outputs, ...options }, { locator, downloads }, ctx);
    },
    find: async (location, target) => {
      const locator = open();
      // Layers of an archive are read from its file until then.
      t.after(() => locator[Symbol.asyncDispose]());
      return locator.find(at(location), 'image', ctx, target === undefined ? {} : { target });
    },
  };
}
