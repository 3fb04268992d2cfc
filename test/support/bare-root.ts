import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NODE, type ProgramResult } from './program.ts';

/** A user that no passwd file knows, since there is none. */
const STRANGER = '12345:12345';
const LINKS = '/links';

/** One program by its link, with the variables besides CNB_PLATFORM_API. */
export interface BareRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: readonly string[];
}

/**
 * A root directory with nothing in it but Node, the libraries that Node loads, one directory of ours, and links to its programs
 * elsewhere, and /dev/null, without which no process can be started without input. Programs run there by `chroot`: everything is read-only but /layers and /tmp, HOME is not set, and the user has no name.
 */
export class BareRoot {
  readonly directory: string;
  readonly #scratch: string;

  constructor(scratch: string, programs: readonly string[]) {
    this.#scratch = scratch;
    this.directory = join(scratch, 'root');
    for (const name of ['layers', 'tmp']) {
      mkdirSync(join(scratch, name), { recursive: true });
      chmodSync(join(scratch, name), 0o777);
      mkdirSync(join(this.directory, name), { recursive: true });
    }
    const isShipped = (path: string): boolean => !path.endsWith('.map');
    cpSync(resolve('dist/lifecycle'), this.path('/opt/lifecycle'), { recursive: true, filter: isShipped });
    mkdirSync(this.path(LINKS));
    for (const name of programs) symlinkSync(`/opt/lifecycle/${name}`, this.path(join(LINKS, name)));
  }

  /** Where a path of the root is on this machine; what is written below /layers and /tmp is not in the root itself. */
  path(inside: string): string {
    const isWritable = /^\/(?:layers|tmp)\//.test(inside);
    return join(isWritable ? this.#scratch : this.directory, inside);
  }

  write(inside: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.path(inside)), { recursive: true });
    writeFileSync(this.path(inside), text);
    chmodSync(this.path(inside), mode);
  }

  /** Runs programs one after the other, in a mount namespace of their own. */
  run(runs: readonly BareRun[]): readonly ProgramResult[] {
    const files: readonly (readonly [string, string])[] = [
      [NODE, '/bin/node'],
      ['/dev/null', '/dev/null'],
      ...nodeLibraries().map((path) => [path, path] as const),
    ];
    for (const [, inside] of files) this.write(inside, '');
    const script = [
      'set -eu',
      'chroot=/usr/sbin/chroot',
      'mount --make-rprivate /',
      `mount --bind ${this.directory} ${this.directory}`,
      ...files.map(([path, inside]) => `mount --bind ${path} ${this.path(inside)}`),
      `mount -o remount,bind,ro ${this.directory}`,
      ...['layers', 'tmp'].map((name) => `mount --bind ${join(this.#scratch, name)} ${join(this.directory, name)}`),
      ...runs.map((run, index) => this.#line(run, index)),
    ];
    const done = spawnSync('unshare', ['--mount', '--', '/bin/sh', '-c', script.join('\n')], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`the runs ended with ${String(done.status)}: ${done.stderr}${done.stdout}`);
    return runs.map((_, index) => {
      const read = (name: string): string => readFileSync(join(this.#scratch, `${String(index)}.${name}`), 'utf8');
      return { code: Number(read('code')), signal: null, stdout: read('out'), stderr: read('err') };
    });
  }

  #line({ program, args, env = [] }: BareRun, index: number): string {
    const out = join(this.#scratch, String(index));
    const variables = ['CNB_PLATFORM_API=0.15', 'CNB_NO_COLOR=1', ...env].map(quoted).join(' ');
    const argv = ['/bin/node', join(LINKS, program), ...args].map(quoted).join(' ');
    const chroot = `"$chroot" --userspec=${STRANGER} ${this.directory}`;
    return `code=0; env -i ${variables} ${chroot} ${argv} >${out}.out 2>${out}.err </dev/null || code=$?; echo $code >${out}.code`;
  }
}

/** What Node loads, as the scripts that make run images find it. */
function nodeLibraries(): readonly string[] {
  const module = resolve('scripts/run-image/libraries.mjs');
  const text = `import { neededFiles } from ${JSON.stringify(module)}; console.log(neededFiles(process.argv[1]).join('\\n'));`;
  const done = spawnSync(NODE, ['--input-type=module', '-e', text, NODE], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`the libraries of ${NODE} were not found: ${done.stderr}`);
  return done.stdout.split('\n').filter((line) => line !== '');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
