import { envValue } from '../oci/image-config.ts';

/** Sets a variable in `KEY=value` entries: the first entry of that name keeps its position, a new one goes to the end (contract §13.5). */
export function setVariable(env: readonly string[], name: string, value: string): readonly string[] {
  const entry = `${name}=${value}`;
  const index = env.findIndex((item) => item.startsWith(`${name}=`));
  return index < 0 ? [...env, entry] : env.with(index, entry);
}

/**
 * Puts directories before `PATH`. The old value is all after the first `=` (GAP-18); without one it is empty, which leaves an
 * empty last element as the Go lifecycle does.
 */
export function prependPath(env: readonly string[], directories: readonly string[]): readonly string[] {
  if (directories.length === 0) return env;
  return setVariable(env, 'PATH', [...directories, envValue(env, 'PATH') ?? ''].join(':'));
}
