/** The statuses that a fault or a direct response may answer with. */

import type { FieldPath } from "../../resources/resource.ts";
import type { Reporter } from "./reporter.ts";

export function checkStatus(reporter: Reporter, status: number | undefined, path: FieldPath): void {
  if (status !== undefined && (status < 200 || status > 600)) {
    reporter.report("SL0232", path, `${status} is not a valid status code`, "Use 200 to 599.");
  }
}
