import { compareBytes } from '../oci/go-json.ts';

/** Environment as data: name → value. */
export type Env = Readonly<Record<string, string>>;

/** Whether a variable may have this name: it is a file's name too. */
export function isVariableName(name: string): boolean {
  return /^[^\0/=]+$/.test(name) && name !== '.' && name !== '..';
}

/** One file of an environment directory; `name` is the file's name with its suffix. */
export interface EnvFile {
  readonly name: string;
  readonly value: string;
}

/** Variables that buildpacks inherit from the lifecycle's own environment (contract §7.4). */
export const BUILD_ENV_ALLOWED: readonly string[] = [
  'CNB_STACK_ID',
  'HOSTNAME',
  'HOME',
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'NO_PROXY',
  'no_proxy',
  'PATH',
  'LD_LIBRARY_PATH',
  'LIBRARY_PATH',
  'CPATH',
  'PKG_CONFIG_PATH',
];

/** A layer's own directories and the variables that they are put in front of (contract §12.3). */
const ROOT_DIRS: Readonly<Record<'build' | 'launch', readonly (readonly [string, readonly string[]])[]>> = {
  build: [
    ['bin', ['PATH']],
    ['lib', ['LD_LIBRARY_PATH', 'LIBRARY_PATH']],
    ['include', ['CPATH']],
    ['pkgconfig', ['PKG_CONFIG_PATH']],
  ],
  launch: [
    ['bin', ['PATH']],
    ['lib', ['LD_LIBRARY_PATH']],
  ],
};

const PATH_VARIABLES: readonly string[] = ['PATH', 'LD_LIBRARY_PATH', 'LIBRARY_PATH', 'CPATH', 'PKG_CONFIG_PATH'];

/** The suffix rules of contract §12.3 over the files of one directory (any order). `unsuffixed`: what a name without suffix means. */
export function applyEnvFiles(env: Env, files: readonly EnvFile[], unsuffixed: 'override' | 'default'): Env {
  const result = new Map(Object.entries(env));
  const delimiters = new Map(
    files
      .filter((file) => file.name.endsWith('.delim'))
      .map((file) => [file.name.slice(0, -'.delim'.length), file.value]),
  );
  for (const { name: fileName, value } of [...files].sort((a, b) => compareBytes(a.name, b.name))) {
    const dot = fileName.indexOf('.');
    const name = dot < 0 ? fileName : fileName.slice(0, dot);
    const suffix = dot < 0 ? unsuffixed : fileName.slice(dot + 1);
    if (!isName(name)) continue;
    const current = result.get(name) ?? '';
    const next = modify({ current, value, suffix, delimiter: delimiters.get(name) });
    if (next !== undefined) result.set(name, next);
  }
  return Object.fromEntries(result);
}

/** `<platform>/env` (contract §7.4 step 1): whole file name = variable; path variables are put in front. */
export function applyPlatformEnv(env: Env, files: readonly EnvFile[]): Env {
  const result = new Map(Object.entries(env));
  for (const { name, value } of files) {
    if (!isName(name)) continue;
    result.set(name, PATH_VARIABLES.includes(name) ? prepend(value, ':', result.get(name) ?? '') : value);
  }
  return Object.fromEntries(result);
}

/** Prepends the layer's own `bin`, `lib`, … (contract §12.3). `present`: which of them exist below `layerDir`. */
export function addRootDirs(env: Env, layerDir: string, present: ReadonlySet<string>, phase: 'build' | 'launch'): Env {
  const result = new Map(Object.entries(env));
  for (const [directory, variables] of ROOT_DIRS[phase]) {
    if (!present.has(directory)) continue;
    for (const name of variables) result.set(name, prepend(`${layerDir}/${directory}`, ':', result.get(name) ?? ''));
  }
  return Object.fromEntries(result);
}

interface Modification {
  readonly current: string;
  readonly value: string;
  readonly suffix: string;
  readonly delimiter: string | undefined;
}

/** The variable's new value; undefined when the file does nothing. */
function modify({ current, value, suffix, delimiter }: Modification): string | undefined {
  switch (suffix) {
    case 'override':
      return value;
    case 'default':
      return current === '' ? value : undefined;
    case 'append':
      return current === '' ? value : current + (delimiter ?? '') + value;
    case 'prepend':
      return prepend(value, delimiter ?? '', current);
    case '':
      // `NAME.`: the Go lifecycle's oddity.
      return prepend(value, delimiter ?? ':', current);
    default:
      return undefined;
  }
}

function prepend(value: string, delimiter: string, current: string): string {
  return current === '' ? value : value + delimiter + current;
}

/** A name that an environment can hold. */
function isName(name: string): boolean {
  return name !== '' && !name.includes('=');
}
