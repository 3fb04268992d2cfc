// The data sets, made once below .build/bench/data: the same bytes for the same packages and the same Node.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { randomBytes, randomOf } from './random.mjs';
import { machineCode, scriptText } from './sources.mjs';

/** What each is, for the page. */
export const DATA_SETS = {
  small: '20,000 files of 2–8 KB of JavaScript in 200 directories',
  big: 'one file of 500 MB, half JavaScript, half machine code',
  mixed:
    'like a node_modules: 29,700 files of log-normal sizes (JavaScript, a tenth machine code), 90 symbolic links, about 7,000 directories',
  perf: 'an app of 200 MB in 5,000 files and three layers of 150 MB in 600 files; half of the bytes are words, half do not compress',
  layers: 'an app of one file and 40 layers of 5 MB in 100 files, as in `perf`',
  many: '200,000 files of 300–1,700 bytes in 1,000 directories',
  sparse: 'one file of 3 GB without data',
};

const MAKERS = { small, big, mixed, perf, layers, many, sparse };

/** What makes the data: made another way, it is made again. */
const MADE_BY = ['sets.mjs', 'random.mjs', 'sources.mjs']
  .reduce((hash, name) => hash.update(readFileSync(join(import.meta.dirname, name))), createHash('sha256'))
  .digest('hex');

/** The directory of a data set, `scale` times its size. */
export function dataSet(root, name, scale = 1) {
  const directory = join(root, scale === 1 ? name : `${name}-${String(scale)}`);
  const mark = `${directory}.made-by`;
  if (existsSync(directory) && existsSync(mark) && readFileSync(mark, 'utf8') === MADE_BY) return directory;
  const temporary = `${directory}.new`;
  for (const path of [temporary, mark, directory]) rmSync(path, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  MAKERS[name](temporary, scale);
  renameSync(temporary, directory);
  writeFileSync(mark, MADE_BY);
  return directory;
}

function small(root, scale) {
  manyFiles(root, { count: scaled(20_000, scale), folders: 200, least: 2000, most: 8000, seed: 1 });
}

function many(root, scale) {
  manyFiles(root, { count: scaled(200_000, scale), folders: 1000, least: 300, most: 1700, seed: 2 });
}

/** Files of evenly spread sizes, each a piece of JavaScript. */
export function manyFiles(root, { count, folders, least, most, seed }) {
  const random = randomOf(seed);
  const text = scriptText();
  for (let index = 0; index < count; index += 1) {
    const folder = join(root, `d${number(index % folders, 4)}`);
    if (index < folders) mkdirSync(folder, { recursive: true });
    const size = least + random.below(most - least);
    writeFileSync(join(folder, `f${number(index, 6)}.js`), piece(text, random, size));
  }
}

function big(root, scale) {
  const half = scaled(250_000_000, scale);
  const file = openSync(join(root, 'one.bin'), 'w');
  writeRepeated(file, scriptText(), half);
  writeRepeated(file, machineCode(), half);
  closeSync(file);
}

/** A file of any size out of the JavaScript and the machine code, as in `big`. */
export function oneFile(root, bytes) {
  mkdirSync(root, { recursive: true });
  const file = openSync(join(root, 'one.bin'), 'w');
  for (let left = bytes; left > 0; left -= 20_000_000) {
    const part = Math.min(left, 20_000_000);
    writeRepeated(file, scriptText(), Math.ceil(part / 2));
    writeRepeated(file, machineCode(), Math.floor(part / 2));
  }
  closeSync(file);
}

function writeRepeated(file, bytes, size) {
  for (let left = size; left > 0; left -= bytes.length)
    writeSync(file, bytes.subarray(0, Math.min(left, bytes.length)));
}

function mixed(root, scale) {
  const random = randomOf(3);
  const folders = scaled(7200, scale);
  const packages = scaled(300, scale);
  const folder = (at) => join(root, 'node_modules', `p${number(at % packages, 3)}`, 'lib', `d${number(at, 4)}`);
  for (let index = 0; index < scaled(29_700, scale); index += 1) {
    const directory = folder(random.below(folders));
    mkdirSync(directory, { recursive: true });
    const size = Math.min(3_000_000, Math.floor(random.logNormal(7.6, 1.6)));
    const source = index % 10 === 0 ? machineCode() : scriptText();
    writeFileSync(join(directory, `f${number(index, 5)}.js`), piece(source, random, size));
  }
  const links = Math.min(90, Math.floor(packages / 3));
  for (let index = 0; index < links; index += 1) {
    const from = join(root, 'node_modules', `p${number(index + Math.floor(packages / 3), 3)}`);
    mkdirSync(from, { recursive: true });
    symlinkSync(`../p${number(index, 3)}/lib`, join(from, 'l'));
  }
}

/** `app`, and `layers` with what the phases leave there: three launch layers of the buildpack t/p. */
function perf(root, scale) {
  weighted(join(root, 'app'), { files: scaled(5000, scale), bytes: scaled(200_000_000, scale), seed: 4 });
  launchLayers(root, { count: 3, files: scaled(600, scale), bytes: scaled(150_000_000, scale) });
}

function layers(root, scale) {
  manyFiles(join(root, 'app'), { count: 1, folders: 1, least: 1000, most: 2000, seed: 6 });
  launchLayers(root, { count: 40, files: scaled(100, scale), bytes: scaled(5_000_000, scale) });
}

export function launchLayers(root, { count, files, bytes }) {
  for (let layer = 1; layer <= count; layer += 1) {
    const directory = join(root, 'layers/t_p', `layer-${String(layer)}`);
    weighted(directory, { files, bytes, seed: 10 + layer });
    writeFileSync(`${directory}.toml`, '[types]\nlaunch = true\n');
  }
}

/** Made once: it takes longer than what is made of it. */
let text;

/** Files of log-normal sizes that come to `bytes`; every other one does not compress. */
function weighted(root, { files, bytes, seed }) {
  const random = randomOf(seed);
  text ??= words(randomOf(5), 8_000_000);
  const weights = Array.from({ length: files }, () => random.logNormal(0, 1.2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  for (const [index, weight] of weights.entries()) {
    const directory = join(root, `d${number(index % 50, 2)}`, `s${String(index % 7)}`);
    mkdirSync(directory, { recursive: true });
    const size = Math.max(1, Math.floor((bytes * weight) / sum));
    const isText = index % 2 === 0;
    const name = `f${number(index, 4)}.${isText ? 'txt' : 'bin'}`;
    writeFileSync(join(directory, name), isText ? piece(text, random, size) : randomBytes(random, size));
  }
}

/** Text of a list of 4,000 words. */
function words(random, size) {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const word = (index) => Array.from({ length: 3 + (index % 9) }, () => letters[random.below(26)]).join('');
  const list = Array.from({ length: 4000 }, (_, index) => word(index));
  const parts = [];
  for (let length = 0, count = 1; length < size; count += 1) {
    const part = `${list[random.below(4000)]}${count % 12 === 0 ? '\n' : ' '}`;
    parts.push(part);
    length += part.length;
  }
  return Buffer.from(parts.join('')).subarray(0, size);
}

function sparse(root, scale) {
  const file = openSync(join(root, 'one.bin'), 'w');
  writeSync(file, Buffer.from([0]), 0, 1, scaled(3_000_000_000, scale) - 1);
  closeSync(file);
}

/** `size` bytes from a place of a longer text; of one that is too short as much as there is. */
function piece(source, random, size) {
  const start = random.below(Math.max(1, source.length - size));
  return source.subarray(start, start + size);
}

function scaled(count, scale) {
  return Math.max(1, Math.round(count * scale));
}

function number(value, width) {
  return String(value).padStart(width, '0');
}
