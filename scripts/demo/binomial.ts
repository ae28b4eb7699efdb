/**
 * Which counts a fair share may give. A split or a fault with a percentage is a coin thrown for each request, so a
 * count is held against the exact binomial distribution, never against a percentage with a tolerance.
 */

/** A count outside the interval has a two-sided p below this: one false alarm in a million checks. */
export const SIGNIFICANCE = 1e-6;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The counts of successes in `n` throws with probability `p` that are accepted: at most half of `significance` is
 * left out at either end. With `p` 0 or 1 that is the one count there is.
 */
export function binomialInterval(n: number, p: number, significance = SIGNIFICANCE): Interval {
  if (!(n >= 0 && p >= 0 && p <= 1)) {
    throw new RangeError(`no binomial distribution with n = ${n}, p = ${p}`);
  }
  if (p === 0 || p === 1) {
    return { low: n * p, high: n * p };
  }
  const tail = significance / 2;
  let low = 0;
  for (let sum = mass(n, p, 0); sum < tail && low < n; sum += mass(n, p, low)) {
    low += 1;
  }
  let high = n;
  for (let sum = mass(n, p, n); sum < tail && high > 0; sum += mass(n, p, high)) {
    high -= 1;
  }
  return { low, high };
}

/** P(X = k), by logarithms, which do not underflow before the result itself does. */
function mass(n: number, p: number, k: number): number {
  return Math.exp(
    logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p),
  );
}

const logFactorials = [0];

function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) {
    logFactorials.push(logFactorials[i - 1]! + Math.log(i));
  }
  return logFactorials[n]!;
}
