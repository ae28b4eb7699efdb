/** One WorkloadGroup by itself. Source: istiod's `ValidateWorkloadGroup`; the probe is for the agent on the machine. */

import type { Resource } from "../../resources/resource.ts";
import type { WorkloadGroupSpec } from "../../resources/types.ts";
import { checkLabels, checkPort } from "./common.ts";
import type { Reporter } from "./reporter.ts";

export function validateWorkloadGroup(reporter: Reporter, { spec }: Resource<WorkloadGroupSpec>): void {
  checkLabels(reporter, spec.metadata?.labels, ["spec", "metadata", "labels"]);
  checkLabels(reporter, spec.template?.labels, ["spec", "template", "labels"]);
  for (const [name, port] of Object.entries(spec.template?.ports ?? {})) {
    checkPort(reporter, port, ["spec", "template", "ports", name]);
  }
}
