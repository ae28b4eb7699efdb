/** How far a count may be from what was expected before it is not chance any more. */

/**
 * Standard deviations allowed. Two-sided, a fair coin is outside of five about once in 1.7 million checks, so that a
 * suite with hundreds of them does not fail by chance in a lifetime.
 */
export const SIGMAS = 5;

/** The counts that `n` tries with probability `p` may give; a probability of 0 or 1 allows no exception. */
export function binomialBound(n: number, p: number): { readonly least: number; readonly most: number } {
  const mean = n * p;
  if (p <= 0 || p >= 1) {
    return { least: mean, most: mean };
  }
  const spread = SIGMAS * Math.sqrt(n * p * (1 - p));
  return { least: Math.max(0, Math.floor(mean - spread)), most: Math.min(n, Math.ceil(mean + spread)) };
}

/** Whether two counts, each out of `n`, may come from the same probability. */
export function sameProportion(n: number, a: number, b: number): boolean {
  const p = (a + b) / (2 * n);
  return Math.abs(a - b) <= SIGMAS * Math.sqrt(2 * n * p * (1 - p)) + 1;
}
