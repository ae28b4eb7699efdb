/**
 * What chance may do. A split or a fault with a percentage is a coin thrown for each request, so counts follow the binomial
 * distribution: this is the one place that knows it, for the demo, for tests, for canaries, and for shares that are watched.
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

/** Two-sided quantile of the normal distribution for 99 %, and what is left out at either end. */
const Z_99 = 2.5758293035489004;
const TAIL_99 = 0.005;
/** Counts from which on both ways to an interval agree to four digits, and the exact one begins to take its time. */
const MANY = 100;
const MOST_STEPS = 60;

/**
 * Where a probability is with 99 % certainty, after `k` successes in `n` throws, up to 1e12. Exact (Clopper and Pearson) where there are few
 * successes or few failures, and by Wilson's score where there are many of both.
 * https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval
 */
export function likelyProbability(k: number, n: number): Interval {
  if (n === 0) {
    return { low: 0, high: 1 };
  }
  if (k > n - k) {
    // Near 1 there are few digits left; near 0 there are all.
    const { low, high } = likelyProbability(n - k, n);
    return { low: 1 - high, high: 1 - low };
  }
  const score = scoreInterval(k, n);
  if (k > MANY) {
    return score;
  }
  return {
    low: k === 0 ? 0 : betaQuantile(k, n - k + 1, TAIL_99, score.low),
    high: betaQuantile(k + 1, n - k, 1 - TAIL_99, score.high),
  };
}

function scoreInterval(k: number, n: number): Interval {
  const p = k / n;
  const square = Z_99 * Z_99;
  const middle = p + square / (2 * n);
  const spread = Z_99 * Math.sqrt((p * (1 - p)) / n + square / (4 * n * n));
  const scale = 1 + square / n;
  return { low: Math.max(0, (middle - spread) / scale), high: Math.min(1, (middle + spread) / scale) };
}

/** The x whose share of a beta distribution is `wanted`: by Newton's steps, and by halves where one would leave what is possible. */
function betaQuantile(a: number, b: number, wanted: number, start: number): number {
  let low = 0;
  let high = 1;
  let x = start > 0 && start < 1 ? start : a / (a + b);
  for (let i = 0; i < MOST_STEPS; i++) {
    const miss = betaShare(x, a, b) - wanted;
    if (miss > 0) {
      high = x;
    } else {
      low = x;
    }
    const density = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta(a, b));
    const step = x - miss / density;
    const next = step > low && step < high ? step : (low + high) / 2;
    if (Math.abs(next - x) <= 1e-9 * x) {
      return next;
    }
    x = next;
  }
  return x;
}

/** The regularized incomplete beta function: https://dlmf.nist.gov/8.17. `a` and `b` are whole numbers. */
function betaShare(x: number, a: number, b: number): number {
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  // The fraction converges fast below the mean only.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Lentz's way through the continued fraction 8.17.22. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let c = 1;
  let fraction = d;
  for (let m = 1; m <= 1000; m++) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / nonZero(1 + term * d);
      c = nonZero(1 + term / c);
      fraction *= d * c;
    }
    if (Math.abs(d * c - 1) < 1e-12) {
      break;
    }
  }
  return fraction;

  function nonZero(value: number): number {
    return Math.abs(value) < tiny ? tiny : value;
  }
}

/** Tests ask about shares thousands of times a day, and one that fails by chance costs a day's trust: one in a billion. */
const TEST_SIGNIFICANCE = 1e-9;
/** Standard deviations outside of which a difference is as rare. */
const SIGMAS = 6.2;

/** The counts that a test accepts of `n` tries with probability `p`; a probability of 0 or 1 allows no exception. */
export function binomialBound(n: number, p: number): { readonly least: number; readonly most: number } {
  const { low, high } = binomialInterval(n, p, TEST_SIGNIFICANCE);
  return { least: low, most: high };
}

/** Whether two counts, each out of `n`, may come from the same probability. */
export function sameProportion(n: number, a: number, b: number): boolean {
  const p = (a + b) / (2 * n);
  return Math.abs(a - b) <= SIGMAS * Math.sqrt(2 * n * p * (1 - p)) + 1;
}

/** The logarithm of the number of ways to choose `k` of `n`. */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** P(X = k), by logarithms, which do not underflow before the result itself does. */
function mass(n: number, p: number, k: number): number {
  return Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

function logBeta(a: number, b: number): number {
  return logFactorial(a - 1) + logFactorial(b - 1) - logFactorial(a + b - 1);
}

const EXACT = 256;
const SMALL = [0];
for (let n = 1; n < EXACT; n++) {
  SMALL.push(SMALL[n - 1]! + Math.log(n));
}

/** Stirling's series: above 256 its error is below that of a double. */
function logFactorial(n: number): number {
  if (n < EXACT) {
    return SMALL[n]!;
  }
  const square = n * n;
  return (
    n * Math.log(n) -
    n +
    Math.log(2 * Math.PI * n) / 2 +
    (1 / 12 - (1 / 360 - 1 / (1260 * square)) / square) / n
  );
}
