import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';

/** What a program reads before it does anything is most of what its start takes; held here without a clock. */
describe('what is loaded at the start', () => {
  it('the version takes the entry alone', () => {
    assert.deepEqual(loadedBy('bin/slipway.js').files, ['bin/slipway.js']);
    assert.ok(loadedBy('bin/slipway.js').bytes < 8_000);
  });

  it('help, and most mistakes, take no package; the other mistakes take yargs', () => {
    const main = loadedBy('bin/slipway-main.js');
    assert.deepEqual(main.packages, []);
    assert.ok(main.bytes < 200_000, `${String(main.bytes)} bytes`);
    assert.equal(main.lazy.filter((file) => file.includes('yargs-reader')).length, 1);
    const heavy = ['undici', 'node-forge', '@iarna/toml', 'tar-stream', 'yauzl', 'ignore', 'bcryptjs'];
    const reader = loadedBy(main.lazy.find((file) => file.includes('yargs-reader')) ?? '');
    assert.ok(reader.packages.includes('yargs'));
    assert.deepEqual(
      heavy.filter((name) => reader.packages.includes(name)),
      [],
    );
  });

  it('a program of the lifecycle takes no package for its usage, and few files for its work', () => {
    const main = loadedBy('lifecycle/main.js');
    assert.deepEqual(main.packages, []);
    assert.ok(main.bytes < 20_000, `${String(main.bytes)} bytes`);
    const [usage] = main.lazy.filter((file) => file.includes('lifecycle-main')).map(loadedBy);
    assert.deepEqual(usage?.packages, []);
    assert.ok(usage.bytes < 250_000, `${String(usage.bytes)} bytes`);
    const [work] = usage.lazy.filter((file) => file.includes('programs')).map(loadedBy);
    assert.deepEqual(work?.packages, ['@iarna/toml']);
    assert.ok(work.files.length <= 12, work.files.join(' '));
  });

  it('the launcher takes what reads metadata.toml', () => {
    const launcher = loadedBy('lifecycle/launch.js');
    assert.deepEqual(launcher.packages, ['@iarna/toml']);
    assert.ok(launcher.bytes < 250_000, `${String(launcher.bytes)} bytes`);
  });

  it('nothing imports a module of Node, which would load all that it has, nor asks for HTTP/2', () => {
    const names = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    for (const name of names) {
      const text = readFileSync(join(DIST, name), 'utf8');
      assert.doesNotMatch(text, /^import [^"'`]*"node:/m, name);
      assert.doesNotMatch(text, /require\w*\("(?:node:)?http2"\)/, name);
    }
  });
});

const DIST = resolve('dist');
const STATIC_IMPORT = /^(?:import|export)\s(?:[^"'`;()]*?\sfrom\s)?\s*"(\.[^"]+)"/gm;
const LAZY_IMPORT = /\bimport\("(\.[^"]+)"\)/g;
/** The bundler says before each source where it was. */
const PACKAGE = /^\s*\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm;

interface Loaded {
  readonly files: readonly string[];
  readonly bytes: number;
  readonly packages: readonly string[];
  /** Files that may be imported later. */
  readonly lazy: readonly string[];
}

/** A file of dist and what it imports before it runs. */
function loadedBy(entry: string): Loaded {
  const texts = new Map<string, string>();
  const visit = (file: string): void => {
    if (texts.has(file)) return;
    const text = readFileSync(join(DIST, file), 'utf8');
    texts.set(file, text);
    for (const imported of found(text, STATIC_IMPORT)) visit(join(dirname(file), imported));
  };
  visit(entry);
  const lazy = [...texts].flatMap(([file, text]) => found(text, LAZY_IMPORT).map((name) => join(dirname(file), name)));
  const packages = [...texts.values()].flatMap((text) => found(text, PACKAGE));
  return {
    files: [...texts.keys()],
    bytes: [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    packages: [...new Set(packages)].sort(),
    lazy,
  };
}

function found(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}
