/** The annotation `sluice.dev/rate-limit`: which of its limits holds for a rule, and who shares it. */

import type { RateLimit } from "../../../ir/rate-limit.ts";
import { RATE_LIMIT } from "../../resources/annotations.ts";
import { EACH_RULE, parseRateLimits } from "../../resources/rate-limits.ts";
import { ruleId } from "./rule-id.ts";
import type { VirtualService } from "./virtual-services.ts";

/**
 * The limit of a rule. A delegate's annotation has the say on its own rules, else that of the one that delegates to it, by the names
 * that each has for them.
 */
export function lowerRateLimit(rule: number, { writersOf }: VirtualService): { rateLimit?: RateLimit } {
  const writer = writersOf(rule).find(({ resource }) => resource.annotations[RATE_LIMIT] !== undefined);
  if (writer === undefined) {
    return {};
  }
  const { resource, rule: own } = writer;
  const written = parseRateLimits(resource.annotations[RATE_LIMIT]!);
  if ("wrong" in written) {
    return {};
  }
  const name = resource.spec.http?.[own]?.name;
  const { limits } = written;
  const found =
    limits.find((limit) => limit.rule !== undefined && limit.rule === name) ??
    limits.find((limit) => limit.rule === undefined || limit.rule === EACH_RULE);
  if (found === undefined) {
    return {};
  }
  const { rule: of, ...limit } = found;
  const bucket = of === undefined ? `${resource.namespace}/${resource.name}` : ruleId(resource, own);
  return { rateLimit: { bucket, ...limit } };
}
