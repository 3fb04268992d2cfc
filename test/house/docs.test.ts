import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';

const pages = [...readdirSync('.'), ...below('docs'), ...below('testdata')].filter((file) => file.endsWith('.md'));
/** First parts of a path of this repository: what begins with one of them in ARCHITECTURE.md must be there. */
const FOLDERS = ['src', 'test', 'scripts', 'docs', 'testdata', 'bin', ...readdirSync('src')];
/** Programs and variables of others, and paths inside images, that look like paths of ours. */
const NOT_PATHS = ['bin/detect', 'bin/build'];

describe('the documents', () => {
  it('the generated pages are what the sources say', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/docs.mjs', '--check'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });

  for (const page of pages) {
    it(`${page}: every relative link leads somewhere`, () => {
      const broken = linksOf(page).filter(({ path, anchor }) => {
        const file = path === '' ? page : normalize(join(dirname(page), path));
        return !existsSync(file) || (anchor !== '' && !anchorsOf(file).includes(anchor));
      });
      assert.deepEqual(broken, []);
    });
  }

  it('the README names the two commands', () => {
    const text = readFileSync('README.md', 'utf8');
    for (const command of ['npm run demo', 'npm test']) assert.ok(text.includes(command), command);
  });

  it('every file and folder that ARCHITECTURE.md names is there', () => {
    const missing = namedPaths(readFileSync('ARCHITECTURE.md', 'utf8')).filter((path) => !isThere(path));
    assert.deepEqual(missing, []);
  });

  it('every decision has a number of its own, without gaps, and at most 40 lines', () => {
    const files = readdirSync('docs/decisions').sort();
    assert.deepEqual(
      files.map((file) => file.slice(0, 5)),
      files.map((_, index) => `${String(index + 1).padStart(4, '0')}-`),
    );
    const long = files.filter((file) => readFileSync(join('docs/decisions', file), 'utf8').split('\n').length > 41);
    assert.deepEqual(long, []);
  });
});

/** Words in backticks with a slash that begin with a folder of the repository or of `src/`; globs and placeholders are left out. */
function namedPaths(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)]
    .map((match) => match[1] ?? '')
    .filter((word) => /^[\w./-]+$/.test(word) && word.includes('/') && !NOT_PATHS.includes(word))
    .filter((word) => FOLDERS.includes(word.split('/')[0] ?? ''));
}

function isThere(path: string): boolean {
  return ['', 'src/'].some((start) => ['', '.ts'].some((end) => existsSync(`${start}${path}${end}`)));
}

interface Link {
  readonly path: string;
  readonly anchor: string;
}

/** Links outside code blocks that are no URL. */
function linksOf(page: string): readonly Link[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[^]*?^```/gm, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => ({ path: target.split('#')[0] ?? '', anchor: target.split('#')[1] ?? '' }));
}

/** Headings as the anchors that git forges make of them. */
function anchorsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function below(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name));
}
