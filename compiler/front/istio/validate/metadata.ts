/** Annotations that Istio refuses on traffic resources. Source: istiod's `validateMetadata`. */

import type { Check } from "./reporter.ts";

const REFUSED = [
  "istio.io/dry-run",
  "internal.istio.io/webhook-always-reject",
  "internal.istio.io/parents",
  "internal.istio.io/parent-namespace",
];

export function validateMetadata(check: Check): void {
  for (const name of REFUSED) {
    if (Object.hasOwn(check.resource.annotations, name)) {
      check.report("SL0210", ["metadata", "annotations", name], "Istio refuses this annotation here");
    }
  }
}
