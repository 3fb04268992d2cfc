import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';

/** Layer of each folder of src/ (design §3). An import may only go to a lower layer, or along one of the named edges. */
const LAYERS: Readonly<Record<string, number>> = {
  core: 0,
  schema: 0,
  oci: 1,
  cnb: 1,
  tar: 1,
  ports: 1,
  store: 2,
  layer: 2,
  registry: 3,
  keychain: 3,
  registryd: 3,
  image: 3,
  workspace: 3,
  sandbox: 3,
  rootfs: 3,
  launcher: 3,
  cache: 4,
  locate: 4,
  phases: 5,
  options: 6,
  platform: 6,
  tools: 6,
  term: 6,
  cli: 7,
  'index.ts': 7,
  'testing.ts': 7,
};

/** Edges inside a layer, and the files that they are limited to. */
const SIDEWAYS: readonly { readonly from: string; readonly to: string; readonly typeOnly?: boolean }[] = [
  { from: 'schema', to: 'core' },
  { from: 'cnb', to: 'oci' },
  { from: 'ports', to: 'oci' },
  { from: 'platform', to: 'options' },
  { from: 'keychain', to: 'registry', typeOnly: true },
  { from: 'index.ts', to: 'cli' },
];

/** Edges that are downward and still forbidden. */
const FORBIDDEN: readonly { readonly from: string; readonly to: string }[] = [
  { from: 'phases', to: 'registry' },
  { from: 'phases', to: 'keychain' },
  { from: 'phases', to: 'locate' },
];

/** One home per package. */
const PACKAGE_HOMES: Readonly<Record<string, string>> = {
  undici: 'src/registry/transport',
  'undici/lib/api/api-request.js': 'src/registry/transport',
  'undici/lib/dispatcher/agent.js': 'src/registry/transport',
  'tar-stream': 'src/tar/',
  '@iarna/toml': 'src/cnb/files/toml',
  'node-forge': 'src/core/x509',
  bcryptjs: 'src/registryd/bcrypt',
  ignore: 'src/platform/app/file-filter',
  yauzl: 'src/platform/app/',
  yargs: 'src/cli/',
  'yargs/helpers': 'src/cli/',
};

/** Layers that do no I/O. */
const PURE = ['oci', 'cnb', 'tar'];
const PURE_ALLOWED_NODE = ['node:crypto', 'node:path', 'node:zlib', 'node:stream'];

interface ImportLine {
  readonly file: string;
  readonly target: string;
  readonly isTypeOnly: boolean;
}

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();
const imports = files.flatMap(importsOf);

describe('the house', () => {
  it('imports only go downward, or along a named edge', () => {
    const breaches = imports.filter((line) => line.target.startsWith('src/') && !isAllowed(line)).map(show);
    assert.deepEqual(breaches, []);
  });

  it('each package is imported in its one home', () => {
    const breaches = imports
      .filter((line) => !line.target.startsWith('src/') && !line.target.startsWith('node:'))
      .filter((line) => {
        const home = PACKAGE_HOMES[line.target];
        return home === undefined || !line.file.startsWith(home);
      })
      .map(show);
    assert.deepEqual(breaches, []);
  });

  it('pure layers do no I/O', () => {
    const breaches = imports
      .filter(
        (line) =>
          PURE.includes(layerName(line.file)) &&
          line.target.startsWith('node:') &&
          !PURE_ALLOWED_NODE.includes(line.target),
      )
      .map(show);
    assert.deepEqual(breaches, []);
  });

  it('there is no import cycle of values', () => {
    const edges = new Map<string, string[]>();
    for (const line of imports)
      if (!line.isTypeOnly && line.target.startsWith('src/'))
        edges.set(line.file, [...(edges.get(line.file) ?? []), line.target]);
    assert.deepEqual(findCycle(edges), []);
  });

  it('no source file is longer than 400 lines', () => {
    const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 401);
    assert.deepEqual(long, []);
  });

  it('the lock file names no registry', () => {
    assert.equal(readFileSync('package-lock.json', 'utf8').includes('"resolved"'), false);
  });
});

function isAllowed(line: ImportLine): boolean {
  const from = layerName(line.file);
  const to = layerName(line.target);
  if (FORBIDDEN.some((edge) => edge.from === from && edge.to === to)) return false;
  if (from === to) return true;
  const [fromLayer, toLayer] = [LAYERS[from], LAYERS[to]];
  if (fromLayer === undefined || toLayer === undefined) return false;
  return (
    toLayer < fromLayer ||
    SIDEWAYS.some((edge) => edge.from === from && edge.to === to && (edge.typeOnly !== true || line.isTypeOnly))
  );
}

function importsOf(file: string): readonly ImportLine[] {
  const text = readFileSync(file, 'utf8');
  const source = ts.preProcessFile(text, true, true);
  return source.importedFiles.map((found) => {
    const name = found.fileName;
    const target = name.startsWith('.') ? normalize(join(dirname(file), name)) : name;
    return { file, target, isTypeOnly: isTypeOnly(text, found.pos) };
  });
}

/** Whether the statement that ends in the specifier at `position` begins with `import type` or `export type`. */
function isTypeOnly(text: string, position: number): boolean {
  const start = Math.max(
    text.lastIndexOf('\nimport', position),
    text.lastIndexOf('\nexport', position),
    text.startsWith('import') ? 0 : -1,
  );
  return /^\n?(?:import|export) type\b/.test(text.slice(start, position));
}

function layerName(file: string): string {
  return file.split('/')[1] ?? '';
}

function show(line: ImportLine): string {
  return `${line.file} → ${line.target}`;
}

function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
