/** The annotation `sluice.dev/health-check` of a resource, with where it stands, for what has to be said of it later. */

import type { Span } from "../../diagnostics/span.ts";
import { HEALTH_CHECK, type HealthChecks, parseHealthChecks } from "../resources/health-check.ts";
import type { Resource } from "../resources/resource.ts";

export interface PlacedChecks {
  readonly checks: HealthChecks;
  readonly span: Span;
}

/** `{}` without the annotation, or with one that is wrong, which is said where resources are validated. */
export function healthChecksOf(resource: Resource<unknown>): { readonly healthChecks?: PlacedChecks } {
  const value = resource.annotations[HEALTH_CHECK];
  const parsed = value === undefined ? undefined : parseHealthChecks(value);
  return parsed === undefined || "wrong" in parsed
    ? {}
    : {
        healthChecks: {
          checks: parsed.checks,
          span: resource.spanOf(["metadata", "annotations", HEALTH_CHECK]),
        },
      };
}
