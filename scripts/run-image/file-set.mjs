// A set of files of this machine as layer entries: every directory above a file, and every link on the way to it, is in it too.
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const ROOT_OWNED = { uid: 0, gid: 0 };
/** Directories that every layer must describe alike, whatever lies in them. */
const MODES = { '/tmp': 0o1777, '/var/tmp': 0o1777 };
const MAX_LINKS = 40;

export class FileSet {
  #entries = new Map();
  /** Path, size and time of each copied file, and the text of the others: what the layer depends on. */
  #inputs = [];

  /** Copies a file of this machine to the same path, through whatever links lead to it. */
  add(path) {
    this.#add(path, MAX_LINKS);
  }

  addDirectory(path, mode = MODES[path] ?? 0o755, owner = ROOT_OWNED) {
    this.#addParents(path);
    this.#entries.set(path, { kind: 'directory', path, mode, ...owner });
  }

  addFile(path, text, mode = 0o644) {
    this.#addParents(path);
    this.#entries.set(path, { kind: 'file', path, mode, ...ROOT_OWNED, bytes: Buffer.from(text) });
    this.#inputs.push(`${path} ${text}`);
  }

  addLink(path, target) {
    this.#addParents(path);
    this.#entries.set(path, { kind: 'symlink', path, target, mode: 0o777, ...ROOT_OWNED });
  }

  has(path) {
    return this.#entries.has(path);
  }

  /** Entries in order of their paths, so that a directory comes before what is in it; files are read now. */
  entries() {
    return [...this.#entries.values()]
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ source, ...entry }) => (source === undefined ? entry : { ...entry, bytes: readFileSync(source) }));
  }

  inputs() {
    return this.#inputs;
  }

  #add(path, linksLeft) {
    if (linksLeft === 0) throw new Error(`too many links on the way to ${path}`);
    const parts = path.split('/').filter(Boolean);
    for (const [index] of parts.entries()) {
      const at = `/${parts.slice(0, index + 1).join('/')}`;
      const stats = lstatSync(at);
      if (stats.isSymbolicLink()) {
        const target = readlinkSync(at);
        this.#entries.set(at, { kind: 'symlink', path: at, target, mode: 0o777, ...ROOT_OWNED });
        this.#add(join(resolve(dirname(at), target), ...parts.slice(index + 1)), linksLeft - 1);
        return;
      }
      if (stats.isDirectory()) this.#addPlainDirectory(at);
      else if (!this.#entries.has(at)) {
        const mode = (stats.mode & 0o111) === 0 ? 0o644 : 0o755;
        this.#entries.set(at, { kind: 'file', path: at, mode, ...ROOT_OWNED, source: at });
        this.#inputs.push(`${at} ${stats.size} ${stats.mtimeMs} ${mode}`);
      }
    }
  }

  #addParents(path) {
    for (let at = dirname(path); at !== '/'; at = dirname(at)) this.#addPlainDirectory(at);
  }

  #addPlainDirectory(path) {
    if (this.#entries.has(path)) return;
    this.#entries.set(path, { kind: 'directory', path, mode: MODES[path] ?? 0o755, ...ROOT_OWNED });
  }
}
