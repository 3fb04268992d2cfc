/** What a cache or an image without a record was made in. */
const DEFAULT = 'production';

/**
 * Whether what was made in one execution environment serves another (contract GAP-24). `recorded` is undefined where nothing is
 * written down, as by the Go lifecycle; `wanted` where the Platform API knows no environments.
 */
export function isForExecEnv(recorded: string | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === '' || (recorded ?? DEFAULT) === wanted;
}
