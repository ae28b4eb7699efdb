/** Whether two groups differ by more than chance: exactly, since a canary answers few requests and errors are rare. */

import { logChoose } from "../../binomial.ts";
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
