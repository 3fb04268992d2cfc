import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseToml } from '../../src/cnb/files/toml-read.ts';
import type { TomlTable, TomlValue } from '../../src/cnb/toml-value.ts';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import type { TestContextOf } from './context.ts';
import type { AllowedDifferences } from './differences.ts';
import { differingFields } from './differing-fields.ts';
import type { RecordedRoot, RunResult } from './recorded-root.ts';
import { judge, type Judging } from './verdicts.ts';

export const GOLDEN = 'testdata/golden' as const;

interface ImageOptions {
  /** Folder of the case that holds the image; default `image`. */
  readonly folder?: string;
  /** Default `latest`. */
  readonly tag?: string;
}

interface FileOptions {
  /** The recorded run was made over an image that existed already, so analyzed.toml differs in its previous image. */
  readonly ignorePrevious?: boolean;
}

/** Compares what a repeated run left with the recorded one; what it leaves out, a row of the differences page must allow. */
export class GoldenComparison {
  readonly #differences: AllowedDifferences;
  #judging: Judging | undefined;

  constructor(differences: AllowedDifferences) {
    this.#differences = differences;
  }

  /** Each exception of a comparison is a row of docs/differences.json. */
  allowed(id: string): void {
    this.#differences.use(id);
    this.#judging?.rows.add(id);
  }

  /** One comparison of a case, with its verdict. */
  check(name: string, check: string, compare: (judging: Judging) => void): void {
    judge({ table: 'images', case: name, check }, (judging) => {
      this.#judging = judging;
      try {
        compare(judging);
      } finally {
        this.#judging = undefined;
      }
    });
  }

  /** Every program ended with 0, as recorded. */
  exits(name: string, results: readonly RunResult[]): void {
    this.check(name, 'exit code', () => {
      for (const [index, { exitCode, output }] of results.entries())
        assert.equal(exitCode, 0, `run ${String(index)} ended with ${String(exitCode)}:\n${output}`);
    });
  }

  /** An image in the root's registry: whole config bytes, and the manifest. */
  async image(
    root: RecordedRoot,
    { name, repository, ...options }: ImageOptions & { readonly name: string; readonly repository: string },
    ctx: TestContextOf,
  ): Promise<void> {
    const image = await appImage(root, `${repository}:${options.tag ?? 'latest'}`, ctx);
    const folder = options.folder ?? 'image';
    const shown = folder === 'image' ? name : `${name}, ${folder}`;
    this.config(shown, image, { recorded: readFileSync(`${GOLDEN}/${name}/${folder}/config.json`, 'utf8') });
    this.manifest(shown, image, `${GOLDEN}/${name}/${folder}`);
    assert.deepEqual(manifestOf(image)['config'], recordedManifest(`${GOLDEN}/${name}/${folder}`)['config']);
  }

  /** An image that `-layout` wrote on `/layout/<base>`: the true digest of the run image is in its label (GAP-5). */
  layoutImage(name: string, image: Image, base = 'registry.example/base/run/v1'): void {
    const folder = `${GOLDEN}/${existsSync(`${GOLDEN}/${name}/image`) ? name : 'layout'}/image`;
    const recorded = readFileSync(`${folder}/config.json`, 'utf8');
    const [reference] = /\/layout\/registry\.example\/base\/run\/v1@sha256:[0-9a-f]{64}/.exec(recorded) ?? [];
    assert.ok(reference !== undefined, 'no run image in the recorded label');
    const truth = `/layout/${base}@sha256:092667d145d743cf2377c69d8b1359ac6f59ebf616814b6c929a53322ff5a6f3`;
    this.config(name, image, { recorded, expected: recorded.replaceAll(reference, truth) });
    this.manifest(name, image, folder);
  }

  /** Byte for byte; `expected` is the recorded text with what `layout-run-image-digest` allows. */
  config(name: string, image: Image, text: { readonly recorded: string; readonly expected?: string }): void {
    const ours = Buffer.from(image.rawConfig).toString();
    const [data, expected, recorded] = [ours, text.expected ?? text.recorded, text.recorded].map(parsed);
    this.check(name, 'diffIDs', () => assert.deepEqual(data?.['rootfs'], recorded?.['rootfs']));
    this.check(name, 'labels', () => {
      if (text.expected !== undefined) this.allowed('layout-run-image-digest');
      assert.deepEqual(labelsOf(data), labelsOf(expected));
    });
    this.check(name, 'config', (judging) => {
      judging.detail = differingFields(data, recorded).join(', ');
      if (text.expected !== undefined) this.allowed('layout-run-image-digest');
      compareConfig(ours, text.expected ?? text.recorded);
    });
  }

  /** The manifest but for its config, layer by layer. */
  manifest(name: string, image: Image, folder: string): void {
    this.check(name, 'manifest', () => this.#manifest(image, folder));
  }

  /** The TOML files of the layers directory as data; metadata.toml byte for byte. */
  files(root: RecordedRoot, name: string, options: FileOptions = {}): void {
    this.check(name, 'files', () => this.#files(root, name, options));
  }

  /** The metadata of the cache's newest root. */
  cache(root: RecordedRoot, name: string): void {
    this.check(name, 'cache', () => this.#cache(root, name));
  }

  #manifest(image: Image, folder: string): void {
    const { layers: ours, annotations, ...rest } = manifestOf(image);
    const { layers: recorded, annotations: recordedAnnotations, ...recordedRest } = recordedManifest(folder);
    assert.deepEqual({ ...rest, config: null }, { ...recordedRest, config: null });
    if (recordedAnnotations !== undefined) {
      this.allowed('tag-annotation-not-in-manifest');
      assert.deepEqual(recordedAnnotations, { 'org.opencontainers.image.ref.name': 'latest' });
    }
    assert.equal(annotations, undefined);
    assert.ok(Array.isArray(ours) && Array.isArray(recorded));
    assert.equal(ours.length, recorded.length);
    for (const index of ours.keys()) this.#layer(record(ours[index]), record(recorded[index]));
  }

  #files(root: RecordedRoot, name: string, options: FileOptions): void {
    const recorded = `${GOLDEN}/${name}/layers-dir`;
    const ours = join(root.directory, 'layers');
    assert.equal(
      readFileSync(join(ours, 'config/metadata.toml'), 'utf8'),
      readFileSync(join(recorded, 'config/metadata.toml'), 'utf8'),
    );
    assert.deepEqual(toml(join(ours, 'group.toml')), toml(join(recorded, 'group.toml')));
    this.allowed('plan-order');
    assert.deepEqual(sortedEntries(toml(join(ours, 'plan.toml'))), sortedEntries(toml(join(recorded, 'plan.toml'))));
    const [analyzed, analyzedRecorded] = [toml(join(ours, 'analyzed.toml')), toml(join(recorded, 'analyzed.toml'))];
    this.allowed('analyzed-slipway-table');
    assert.deepEqual(withoutOurs(table(analyzed['run-image'])), analyzedRecorded['run-image']);
    if (options.ignorePrevious !== true)
      assert.deepEqual({ ...analyzed, 'run-image': null }, { ...analyzedRecorded, 'run-image': null });
    if (existsSync(join(recorded, 'report.toml')))
      this.#reports(
        table(toml(join(ours, 'report.toml'))['image']),
        table(toml(join(recorded, 'report.toml'))['image']),
      );
    for (const file of filesBelow(recorded).filter((path) => !/^(analyzed|group|plan|report)\.toml$/.test(path))) {
      assert.equal(existsSync(join(ours, file)), true, `${file} is missing`);
      if (!file.endsWith('.toml'))
        assert.deepEqual(readFileSync(join(ours, file)), readFileSync(join(recorded, file)), file);
      else assert.deepEqual(toml(join(ours, file)), toml(join(recorded, file)), file);
    }
  }

  #cache(root: RecordedRoot, name: string): void {
    const recorded: unknown = JSON.parse(
      readFileSync(`${GOLDEN}/${name}/cache/io.buildpacks.lifecycle.cache.metadata`, 'utf8'),
    );
    this.allowed('cache-folder-layout');
    const roots = readdirSync(join(root.directory, 'cache/roots'));
    const [file] = roots;
    assert.ok(file !== undefined);
    const stored: unknown = JSON.parse(readFileSync(join(root.directory, 'cache/roots', file), 'utf8'));
    assert.ok(typeof stored === 'object' && stored !== null && 'metadata' in stored);
    assert.deepEqual(stored.metadata, recorded);
  }

  #layer(ours: Record<string, unknown>, recorded: Record<string, unknown>): void {
    assert.deepEqual(Object.keys(ours), Object.keys(recorded));
    if (ours['digest'] !== recorded['digest']) this.allowed('layer-gzip-bytes');
    else assert.equal(ours['size'], recorded['size']);
    if (ours['mediaType'] === recorded['mediaType']) return;
    this.allowed('layer-media-type-family');
    assert.deepEqual(
      [recorded['mediaType'], ours['mediaType']],
      ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'application/vnd.oci.image.layer.v1.tar+gzip'],
    );
  }

  /** What is recorded is there; digest and size of a manifest over other blobs are others. */
  #reports(ours: TomlTable, recorded: TomlTable): void {
    this.allowed('report-outputs');
    const more = Object.keys(ours).filter((key) => !(key in recorded));
    assert.deepEqual(
      more.filter((key) => !['digest', 'outputs', 'slipway'].includes(key)),
      [],
    );
    this.allowed('layer-gzip-bytes');
    for (const [key, value] of Object.entries(recorded)) {
      if (key === 'digest' || key === 'manifest-size') assert.equal(typeof ours[key], typeof value);
      else assert.deepEqual(ours[key], value);
    }
  }
}

/** An image in the registry of a recorded root, by `repository:tag`. */
export async function appImage(root: RecordedRoot, name: string, ctx: TestContextOf): Promise<Image> {
  const location = parseLocation(`oci:${root.registry}:${name}`);
  return selectImage(openLayout(root.registry), location, ctx, { role: 'image', hostArchitecture: 'amd64' });
}

/** Byte for byte; when that fails, data first, so that the report names the field. */
function compareConfig(ours: string, recorded: string): void {
  if (ours !== recorded) assert.deepEqual(JSON.parse(ours), JSON.parse(recorded));
  assert.equal(ours, recorded);
}

function manifestOf(image: Image): Record<string, unknown> {
  return record(JSON.parse(Buffer.from(image.rawManifest.bytes).toString()));
}

function recordedManifest(folder: string): Record<string, unknown> {
  return record(JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8')));
}

function parsed(text: string): Record<string, unknown> {
  return record(JSON.parse(text));
}

/** The labels as data: those that hold JSON are parsed. */
function labelsOf(config: Record<string, unknown> | undefined): Record<string, unknown> {
  const labels = record(record(config?.['config'])['Labels']);
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [
      key,
      /^[[{]/.test(String(value)) ? JSON.parse(String(value)) : value,
    ]),
  );
}

function record(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null);
  return Object.fromEntries(Object.entries(value));
}

function toml(file: string): TomlTable {
  return parseToml(readFileSync(file), file);
}

function table(value: TomlValue | undefined): TomlTable {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value) && !('text' in value));
  return Object.fromEntries(Object.entries(value));
}

function withoutOurs(runImage: TomlTable): TomlTable {
  return Object.fromEntries(Object.entries(runImage).filter(([key]) => key !== 'slipway'));
}

/** plan.toml in an order of its own. */
function sortedEntries(plan: TomlTable): readonly string[] {
  const entries = plan['entries'];
  if (entries === undefined) return [];
  assert.ok(Array.isArray(entries));
  return entries
    .map((entry: unknown) =>
      JSON.stringify(entry, (_, value: unknown) => (typeof value === 'bigint' ? `${String(value)}n` : value)),
    )
    .sort();
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}
