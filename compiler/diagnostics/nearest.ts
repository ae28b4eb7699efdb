/** The known name that is most like an unknown one, for "did you mean". */

import { distance } from "fastest-levenshtein";

/** `undefined` when none is near enough to be a slip of the finger. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // A third of the letters may be wrong: beyond that a suggestion misleads. Of a host only the first label counts, or
  // any two services of a namespace would be near, so long is what they have in common.
  let bestDistance = Math.max(2, Math.floor(name.split(".", 1)[0]!.length / 3)) + 1;
  for (const candidate of known) {
    // Words of very different length can't be near; telling so early keeps large registries cheap.
    if (Math.abs(candidate.length - name.length) >= bestDistance) {
      continue;
    }
    const d = distance(name, candidate);
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}
