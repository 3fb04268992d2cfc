/** Environment as data: name → value. */
export type Env = Readonly<Record<string, string>>;

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

/** The suffix rules of contract §12.3 over the files of one directory (any order). `unsuffixed`: what a name without suffix means. */
export function applyEnvFiles(_env: Env, _files: readonly EnvFile[], _unsuffixed: 'override' | 'default'): Env {
  throw new Error('not yet');
}

/** `<platform>/env` (contract §7.4 step 1): whole file name = variable; path variables are put in front. */
export function applyPlatformEnv(_env: Env, _files: readonly EnvFile[]): Env {
  throw new Error('not yet');
}

/** Prepends the layer's own `bin`, `lib`, … (contract §12.3). `present`: which of them exist below `layerDir`. */
export function addRootDirs(
  _env: Env,
  _layerDir: string,
  _present: ReadonlySet<string>,
  _phase: 'build' | 'launch',
): Env {
  throw new Error('not yet');
}
