// A line through the points of a curve.

/**
 * `start + slope × amount`, fitted so that relative errors are least, and how far each point is from it (0.1: ten per cent above).
 * Points: `{amount, cost}`.
 */
export function fitLine(points) {
  // Weights of 1/cost² make a small point count as much as a large one.
  const sums = { w: 0, x: 0, y: 0, xx: 0, xy: 0 };
  for (const { amount, cost } of points) {
    const weight = 1 / cost ** 2;
    sums.w += weight;
    sums.x += weight * amount;
    sums.y += weight * cost;
    sums.xx += weight * amount * amount;
    sums.xy += weight * amount * cost;
  }
  const divisor = sums.w * sums.xx - sums.x * sums.x;
  const slope = (sums.w * sums.xy - sums.x * sums.y) / divisor;
  const start = (sums.y - slope * sums.x) / sums.w;
  return { start, slope, off: points.map(({ amount, cost }) => cost / (start + slope * amount) - 1) };
}
