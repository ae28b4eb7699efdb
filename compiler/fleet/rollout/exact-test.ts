/** Whether two groups differ by more than chance: exactly, since a canary answers few requests and errors are rare. */

import type { Responses } from "./state.ts";

/**
 * Fisher's exact test, one-sided: the probability that as many errors as `changed` has, or more, fall to it by chance alone, if
 * both groups err alike. https://en.wikipedia.org/wiki/Fisher%27s_exact_test
 */
export function chanceOfMore(changed: Responses, unchanged: Responses): number {
  const drawn = changed.requests;
  const total = drawn + unchanged.requests;
  const errors = changed.serverErrors + unchanged.serverErrors;
  const most = Math.min(drawn, errors);
  const least = Math.max(0, errors - unchanged.requests);
  if (changed.serverErrors <= least) {
    return 1;
  }
  // Around the mean and below, chance is never the last explanation; and there the sum would be long.
  if (changed.serverErrors * total <= drawn * errors) {
    return 1;
  }
  let term = Math.exp(
    logChoose(errors, changed.serverErrors) +
      logChoose(total - errors, drawn - changed.serverErrors) -
      logChoose(total, drawn),
  );
  let sum = term;
  for (let k = changed.serverErrors; k < most; k++) {
    // Ratio of two neighbours of the hypergeometric distribution; above the mean it is below 1 and falls.
    term *= ((errors - k) * (drawn - k)) / ((k + 1) * (total - errors - drawn + k + 1));
    sum += term;
    if (term < sum * Number.EPSILON) {
      break;
    }
  }
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
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
