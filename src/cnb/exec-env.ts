/** What a cache or an image without a record was made in. */
const DEFAULT = 'production';

/** Whether a list of environments has one; an empty list has all, and so has `*`. */
export function servesExecEnv(supported: readonly string[], execEnv: string): boolean {
  return supported.length === 0 || supported.includes('*') || supported.includes(execEnv);
}

/**
 * Whether what was made in one execution environment serves another (contract GAP-24). `recorded` is undefined where nothing is
 * written down, as by the Go lifecycle; `wanted` where the Platform API knows no environments.
 */
export function isForExecEnv(recorded: string | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === '' || (recorded ?? DEFAULT) === wanted;
}
