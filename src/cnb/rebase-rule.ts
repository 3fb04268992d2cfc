/**
 * Whether an app image is rebased by its target, or by its stack as before Platform API 0.12 (contract §17.4). `platformApi` is the
 * CNB_PLATFORM_API of the image; none means before.
 */
export function isRebasedByTarget(platformApi: string | undefined): boolean {
  const match = /^v?(\d+)\.?(\d*)$/.exec(platformApi?.trim() ?? '');
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2] === '' ? 0 : match[2])];
  return major > 0 || minor >= 12;
}
