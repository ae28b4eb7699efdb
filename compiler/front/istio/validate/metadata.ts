/** Annotations that Istio refuses on traffic resources. Source: istiod's `validateMetadata`. */

import type { Reporter } from "./reporter.ts";

const REFUSED = [
  "istio.io/dry-run",
  "internal.istio.io/webhook-always-reject",
  "internal.istio.io/parents",
  "internal.istio.io/parent-namespace",
];

export function validateMetadata(reporter: Reporter): void {
  for (const name of REFUSED) {
    if (Object.hasOwn(reporter.resource.annotations, name)) {
      reporter.report("SL0210", ["metadata", "annotations", name], "Istio refuses this annotation here");
    }
  }
}
