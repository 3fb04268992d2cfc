import fc from 'fast-check';

export type ModelEnv = Readonly<Record<string, string>>;
/** Names with their suffixes → contents. */
export type ModelFiles = Readonly<Record<string, string>>;

/** A layer as the environment rules see it. */
export interface ModelLayer {
  /** Those of `bin lib include pkgconfig` that it has. */
  readonly directories: readonly string[];
  readonly env: ModelFiles;
  readonly phase: ModelFiles;
}

/** Contract §12.3 for one directory, a variable at a time: plain, empty suffix, append, default, override, prepend. */
export function modelEnvDirectory(env: ModelEnv, files: ModelFiles, plain: 'override' | 'default'): ModelEnv {
  const result = new Map(Object.entries(env));
  const names = new Set(Object.keys(files).map((file) => file.split('.')[0] ?? ''));
  for (const name of names) {
    if (name === '' || name.includes('=')) continue;
    const file = (suffix: string): string | undefined => files[`${name}${suffix}`];
    const delimiter = file('.delim');
    const set = (value: string): void => void result.set(name, value);
    const now = (): string => result.get(name) ?? '';
    const join = (first: string, second: string, between: string): string =>
      now() === '' ? first + second : first + between + second;
    const [bare, empty, append, fallback, override, prepend] = [
      ...[file(''), file('.'), file('.append')],
      ...[file('.default'), file('.override'), file('.prepend')],
    ];
    if (bare !== undefined && (plain === 'override' || now() === '')) set(bare);
    if (empty !== undefined) set(join(empty, now(), delimiter ?? ':'));
    if (append !== undefined) set(join(now(), append, delimiter ?? ''));
    if (fallback !== undefined && now() === '') set(fallback);
    if (override !== undefined) set(override);
    if (prepend !== undefined) set(join(prepend, now(), delimiter ?? ''));
  }
  return Object.fromEntries(result);
}

/** Contract §7.4, `<platform>/env`. */
export function modelPlatformEnv(env: ModelEnv, files: ModelFiles): ModelEnv {
  return Object.entries(files).reduce((now, [name, value]) => {
    if (name === '' || name.includes('=')) return now;
    const isPath = ['PATH', 'LD_LIBRARY_PATH', 'LIBRARY_PATH', 'CPATH', 'PKG_CONFIG_PATH'].includes(name);
    return { ...now, [name]: isPath ? inFront(value, now[name]) : value };
  }, env);
}

/** The root directories of a layer at `path`; `launch` knows two of them only. */
export function modelRootDirs(
  env: ModelEnv,
  layer: { readonly path: string; readonly directories: readonly string[] },
  phase: 'build' | 'launch',
): ModelEnv {
  const targets: readonly (readonly [string, string, boolean])[] = [
    ['bin', 'PATH', true],
    ['lib', 'LD_LIBRARY_PATH', true],
    ['lib', 'LIBRARY_PATH', false],
    ['include', 'CPATH', false],
    ['pkgconfig', 'PKG_CONFIG_PATH', false],
  ];
  return targets
    .filter(([directory, , atLaunch]) => layer.directories.includes(directory) && (atLaunch || phase === 'build'))
    .reduce((now, [directory, name]) => ({ ...now, [name]: inFront(`${layer.path}/${directory}`, now[name]) }), env);
}

function inFront(value: string, rest: string | undefined): string {
  return rest === undefined || rest === '' ? value : `${value}:${rest}`;
}

/** Few names, so that the files of a directory meet; every suffix, and some that mean nothing. */
export function envFiles(names: readonly string[] = ENV_NAMES): fc.Arbitrary<ModelFiles> {
  const suffix = fc.constantFrom(
    ...['', '.', '.append', '.prepend', '.default', '.override', '.delim', '.delim', '.x', '.append.x'],
  );
  const key = fc.tuple(fc.constantFrom(...names), suffix).map((parts) => parts.join(''));
  return fc.dictionary(key, envValues(), { maxKeys: 8, noNullPrototype: true });
}

export const ENV_NAMES: readonly string[] = ['A', 'A-B', 'PATH', 'CPATH', 'LD_LIBRARY_PATH'];

export function envValues(): fc.Arbitrary<string> {
  return fc.constantFrom('', '1', '2\n', ' x y', ':', '$HOME', 'é', '/opt');
}

/** An environment to begin with. */
export function environments(): fc.Arbitrary<ModelEnv> {
  return fc.dictionary(fc.constantFrom(...ENV_NAMES, 'OTHER'), envValues(), { maxKeys: 4, noNullPrototype: true });
}

export function envLayers(): fc.Arbitrary<ModelLayer> {
  return fc.record({
    directories: fc.subarray(['bin', 'lib', 'include', 'pkgconfig']),
    env: envFiles(),
    phase: envFiles(),
  });
}
