// Runs the exporter, ours or the Go lifecycle's, over the same directories: each has a layout, an analyzed.toml and a report of its own.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap.mjs';
import { measure } from './measure.mjs';

/** The base image of every export. */
export const BASE = join(ROOT, 'testdata/golden/fixtures/base/run-single');
const GROUP = '[[group]]\nid = "t/p"\nversion = "1"\napi = "0.10"\n';
const METADATA = 'buildpack-default-process-type = ""\n[[buildpacks]]\nid = "t/p"\nversion = "1"\napi = "0.10"\n';

/** `program`, `analyzer`: the words that start them. `app`, `layers`: directories of the data set; without layers the group has none. */
export class ExportBed {
  constructor(directory, { program, analyzer, app, layers }) {
    this.directory = directory;
    this.program = program;
    this.analyzer = analyzer;
    this.app = app;
    this.layers = layers ?? join(directory, 'layers');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(join(directory, 'home'), { recursive: true });
    mkdirSync(join(this.layers, 'config'), { recursive: true });
    mkdirSync(join(this.layers, 't_p'), { recursive: true });
    writeFileSync(join(this.layers, 'group.toml'), GROUP);
    writeFileSync(join(this.layers, 'config/metadata.toml'), METADATA);
    writeFileSync(join(directory, 'launcher'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  }

  /** What the program keeps for its user between runs goes: the next run is the first. */
  forget() {
    rmSync(join(this.directory, 'home'), { recursive: true, force: true });
    mkdirSync(join(this.directory, 'home'));
  }

  /** An empty layout with the base image, and what the analyzer says about it; nothing is kept of earlier runs. */
  freshLayout() {
    this.forget();
    rmSync(this.layout, { recursive: true, force: true });
    const base = join(this.layout, 'r.example/run/v1');
    mkdirSync(join(base, '..'), { recursive: true });
    cpSync(BASE, base, { recursive: true });
    this.analyzed(`${base}@${this.baseDigest}`, base);
  }

  analyzed(reference, image) {
    const target = '[run-image.target]\nos = "linux"\narch = "amd64"\n';
    const text = `[run-image]\nreference = "${reference}"\nimage = "${image}"\n${target}`;
    writeFileSync(join(this.directory, 'analyzed.toml'), text);
  }

  get baseDigest() {
    return JSON.parse(readFileSync(join(BASE, 'index.json'), 'utf8')).manifests[0].digest;
  }

  get layout() {
    return join(this.directory, 'layout');
  }

  /** Arguments of a run that every phase has. */
  get common() {
    return ['-log-level', 'error', '-uid', '0', '-gid', '0'];
  }

  get env() {
    return {
      PATH: process.env.PATH ?? '',
      HOME: join(this.directory, 'home'),
      CNB_PLATFORM_API: '0.12',
      CNB_EXPERIMENTAL_MODE: 'quiet',
    };
  }

  /** One timed export to `r.example/app/one` in the layout. `more`: further arguments. */
  toLayout(more = [], options = {}) {
    return this.export(['-layout', '-layout-dir', this.layout, ...more, 'r.example/app/one'], options);
  }

  /** `prefix`: words before the program, `env`: more variables; the rest is for `measure`. */
  export(more, { prefix = [], env = {}, ...options } = {}) {
    const files = ['-analyzed', 'analyzed.toml', '-report', 'report.toml', '-launcher', 'launcher'];
    const paths = files.map((word) => (word.startsWith('-') ? word : join(this.directory, word)));
    const args = [...this.common, ...paths, '-app', this.app, '-layers', this.layers, ...more];
    return measure([...prefix, ...this.program, ...args], { env: { ...this.env, ...env }, ...options });
  }

  /** The analyzer of the same lifecycle writes analyzed.toml. */
  analyze(more) {
    const args = [...this.common, '-layers', this.layers, '-analyzed', join(this.directory, 'analyzed.toml'), ...more];
    return measure([...this.analyzer, ...args], { env: this.env });
  }

  /** Manifest and config of the exported image. */
  image() {
    const index = find(join(this.layout, 'r.example/app/one'), 'index.json');
    const blob = (digest) => JSON.parse(readFileSync(join(index, '../blobs/sha256', digest.slice(7)), 'utf8'));
    const manifest = blob(JSON.parse(readFileSync(index, 'utf8')).manifests[0].digest);
    return { manifest, config: blob(manifest.config.digest) };
  }
}

/** Our exporter on a Node. */
export function ourExporter(node) {
  return ourPhase('exporter', node);
}

export function ourPhase(name, node = process.execPath) {
  return [node, join(ROOT, 'dist/lifecycle', name)];
}

/** What an image has above the base's layers: descriptors with their diffIDs. */
export function newLayers({ manifest, config }) {
  const base = JSON.parse(readFileSync(join(BASE, 'index.json'), 'utf8')).manifests[0].digest;
  const count = JSON.parse(readFileSync(join(BASE, 'blobs/sha256', base.slice(7)), 'utf8')).layers.length;
  return manifest.layers
    .map(({ digest, size }, index) => ({ digest, size, diffId: config.rootfs.diff_ids[index] }))
    .slice(count);
}

function find(directory, name) {
  const file = readdirSync(directory, { recursive: true }).find((path) => path === name || path.endsWith(`/${name}`));
  if (file === undefined) throw new Error(`no ${name} below ${directory}`);
  return join(directory, file);
}
