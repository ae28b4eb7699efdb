/** One ProxyConfig by itself. Source: istiod's `ValidateProxyConfig`; that `concurrency` is not negative is in the schema. */

import type { Resource } from "../../resources/resource.ts";
import type { ProxyConfigResourceSpec } from "../../resources/types.ts";
import { checkLabels } from "./common.ts";
import type { Reporter } from "./reporter.ts";

export function validateProxyConfig(
  reporter: Reporter,
  { spec: { selector } }: Resource<ProxyConfigResourceSpec>,
): void {
  checkLabels(reporter, selector?.matchLabels, ["spec", "selector", "matchLabels"]);
  if (selector !== undefined && Object.keys(selector.matchLabels ?? {}).length === 0) {
    reporter.report("SL0943", ["spec", "selector"], "a selector without labels selects no proxy");
  }
}
