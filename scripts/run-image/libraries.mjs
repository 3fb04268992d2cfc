// Which files a program needs to be started: its loader and all shared objects, found as the loader would find them.
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readElf } from './elf.mjs';

/**
 * Absolute paths, as the loader asks for them, of everything that the program at `path` loads. Throws when a library cannot be found.
 * A script or a static program needs nothing.
 */
export function neededFiles(path) {
  const found = new Map();
  const program = elfAt(path);
  if (program === undefined) return [];
  const system = systemDirectories(program);
  if (program.interpreter !== undefined) found.set(basename(program.interpreter), program.interpreter);
  const visit = (file, elf) => {
    const origin = dirname(realpathSync(file));
    const own = elf.searchPath.map((entry) => entry.replaceAll(/\$\{ORIGIN\}|\$ORIGIN/g, origin));
    for (const name of elf.needed) {
      if (found.has(name)) continue;
      const library = findLibrary(name, [...own, ...system], program);
      if (library === undefined) throw new Error(`${file} needs ${name}, which is not on this machine`);
      found.set(name, library.path);
      visit(library.path, library.elf);
    }
  };
  visit(path, program);
  return [...found.values()];
}

/** The ELF header of a file; undefined when it is none. */
export function elfAt(path) {
  return readElf(readFileSync(path));
}

function findLibrary(name, directories, program) {
  const candidates = name.includes('/') ? [name] : directories.map((directory) => join(directory, name));
  for (const path of candidates) {
    if (!existsSync(path)) continue;
    const elf = elfAt(path);
    if (elf !== undefined && elf.machine === program.machine && elf.bits === program.bits) return { path, elf };
  }
  return undefined;
}

function systemDirectories(program) {
  const interpreter = basename(program.interpreter ?? '');
  if (interpreter.startsWith('ld-musl-')) {
    const file = `/etc/${interpreter.replace(/\.so\.1$/, '.path')}`;
    return existsSync(file)
      ? readFileSync(file, 'utf8').split(/[:\n]/).filter(Boolean)
      : ['/lib', '/usr/local/lib', '/usr/lib'];
  }
  const usual = program.bits === 64 ? ['/lib64', '/usr/lib64', '/lib', '/usr/lib'] : ['/lib', '/usr/lib'];
  return [...configuredDirectories('/etc/ld.so.conf'), ...usual];
}

/** The directories of ld.so.conf and the files that it includes. */
function configuredDirectories(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .flatMap((line) => {
      if (!line.startsWith('include')) return line === '' ? [] : [line];
      return expand(join('/etc', line.slice('include'.length).trim())).flatMap(configuredDirectories);
    });
}

/** Files that match a pattern with stars in its last part. */
function expand(pattern) {
  const directory = dirname(pattern.replace(/^\/etc\/etc\//, '/etc/'));
  const name = new RegExp(`^${basename(pattern).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((entry) => name.test(entry))
    .sort()
    .map((entry) => join(directory, entry));
}
