import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { decodeOrder } from '../../src/cnb/files/order.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import type { DownloadPlace } from '../../src/platform/download/download-place.ts';
import type { BaseModules } from '../../src/platform/modules/base-modules.ts';
import { chooseModules, type ChosenModules } from '../../src/platform/modules/choose-modules.ts';
import type { ModuleRequest, ModuleRequests } from '../../src/platform/modules/module-request.ts';
import { NO_MODULES } from '../../src/platform/modules/module-requests.ts';
import { makePackage, type PackageOptions } from '../../src/platform/package/make-package.ts';
import { openModules } from '../../src/workspace/buildpacks.ts';
import { listModules } from '../../src/workspace/list-modules.ts';
import { temporaryDirectory, testContext, type TestContextOf } from './context.ts';
import { locatorOf } from './locator.ts';
import { writeBuildpacks, type SampleBuildpack } from './sample-buildpacks.ts';

/** Lists of locators, by what they are for. */
type AskedTexts = Partial<Readonly<Record<keyof ModuleRequests, readonly (string | ModuleRequest)[]>>>;

/** Buildpacks that a base has, others that may be given, and what is chosen of both. */
export interface ModuleBed {
  readonly directory: string;
  readonly ctx: TestContextOf;
  /** Below `directory`: where a buildpack that may be given lies. */
  readonly at: (id: string, version?: string) => string;
  /** Packs a directory of the bed to a location of it, or to one of a registry. */
  readonly pack: (from: string, to: string, options?: Partial<PackageOptions>) => Promise<void>;
  /** A tar, or tgz, of what is in a directory. */
  readonly tar: (from: string, to: string) => string;
  readonly choose: (asked: AskedTexts, target?: string) => Promise<ChosenModules>;
}

interface ModuleBedOptions {
  readonly base?: readonly SampleBuildpack[];
  readonly given?: readonly SampleBuildpack[];
  /** Of the base. */
  readonly stack?: string;
}

export function moduleBed(t: TestContext, { base = [], given = [], stack }: ModuleBedOptions): ModuleBed {
  const [directory, ctx] = [temporaryDirectory(t), testContext(t)];
  const { order } = writeBuildpacks(join(directory, 'builder', 'cnb'), base);
  writeBuildpacks(join(directory, 'given'), given);
  const locator = locatorOf(t);
  const downloads: DownloadPlace = {
    directory: join(directory, 'downloads'),
    registry: {
      insecure: [],
      credentials: { find: () => Promise.resolve({ trace: [] }) },
      userAgent: 'test',
      retry: { attempts: 1, baseDelayMs: 1 },
    },
  };
  const request = (text: string | ModuleRequest): ModuleRequest =>
    typeof text === 'string' ? { kind: 'locator', text, base: directory } : text;
  return {
    directory,
    ctx,
    at: (id, version = '1.0.0') => `given/${id.replaceAll('/', '_')}/${version}`,
    pack: async (from, to, options = {}) => {
      const location = parseLocation(to);
      const placed = location.kind === 'oci' ? { ...location, dir: join(directory, location.dir) } : location;
      const moved = 'file' in placed ? { ...placed, file: join(directory, placed.file) } : placed;
      const outputs = [{ location: moved, shown: to }];
      const path = join(directory, from);
      await makePackage(
        { kind: 'buildpack', path, platforms: [], outputs, hostArchitecture: 'amd64', ...options },
        { locator, downloads },
        ctx,
      );
    },
    tar: (from, to) => {
      const flags = to.endsWith('.tar') ? '-cf' : '-czf';
      execFileSync('tar', [flags, join(directory, to), '-C', join(directory, from), '.']);
      return to;
    },
    choose: async (asked, target) => {
      const requests = Object.fromEntries(Object.entries(asked).map(([key, texts]) => [key, texts.map(request)]));
      const chosen = await chooseModules(
        { requests: { ...NO_MODULES, ...requests }, base: baseIn(directory, order), target: undefined, stack },
        {
          locator,
          target: target === undefined ? undefined : parsePlatform(target),
          store: join(directory, 'store'),
          copiesPackages: false,
          downloads,
        },
        ctx,
      );
      t.after(() => chosen[Symbol.asyncDispose]());
      return chosen;
    },
  };
}

function baseIn(directory: string, order: string): BaseModules {
  const tree = { buildpack: join(directory, 'builder', 'cnb'), extension: join(directory, 'builder', 'ext') };
  return {
    name: 'the builder test/builder',
    order: () => Promise.resolve({ ...decodeOrder(readFileSync(order), order), source: 'its order' }),
    finders: {
      buildpack: openModules(tree.buildpack, 'buildpack'),
      extension: openModules(tree.extension, 'extension'),
    },
    list: (kind) => listModules(tree[kind], kind),
  };
}
