/** Where a VirtualService needs the claims of a token, which are there only where something verifies it. */

import { type Annotations, RATE_LIMIT } from "./annotations.ts";
import { CLAIM_PREFIX } from "./claim-names.ts";
import { parseRateLimits } from "./rate-limits.ts";
import type { FieldPath, Resource } from "./resource.ts";
import type { VirtualServiceSpec } from "./types.ts";

export function readsClaims({ spec, annotations }: Resource<VirtualServiceSpec>): boolean {
  return firstClaimMatched(spec) !== undefined || limitsByClaim(annotations);
}

/** The first match that asks for a claim. */
export function firstClaimMatched(spec: VirtualServiceSpec): FieldPath | undefined {
  for (const [i, rule] of (spec.http ?? []).entries()) {
    for (const [j, match] of (rule?.match ?? []).entries()) {
      for (const field of ["headers", "withoutHeaders"] as const) {
        const name = Object.keys(match?.[field] ?? {}).find((key) => key.startsWith(CLAIM_PREFIX));
        if (name !== undefined) {
          return ["spec", "http", i, "match", j, field, name];
        }
      }
    }
  }
  return undefined;
}

/** Whether a rate limit counts by a claim. */
export function limitsByClaim(annotations: Annotations): boolean {
  const written = parseRateLimits(annotations[RATE_LIMIT] ?? "");
  return !("wrong" in written) && written.limits.some(({ by }) => by?.kind === "claim");
}
