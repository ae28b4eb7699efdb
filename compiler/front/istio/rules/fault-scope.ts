/** Whether the faults of a rule are the proxy's or its upstream's: the annotation `sluice.dev/fault-scope`. */

import type { Span } from "../../../diagnostics/span.ts";
import type { Forward } from "../../../ir/ir.ts";
import { FAULT_SCOPE } from "../../resources/annotations.ts";
import type { Report } from "../../services/report.ts";
import type { VirtualService } from "./virtual-services.ts";

/** Whether a rule's faults are its upstream's. */
export function isUpstreamScope(rule: number, { annotationsOf }: VirtualService): boolean {
  return annotationsOf(rule)[FAULT_SCOPE] === "upstream";
}

/** Behind the fault an endpoint is chosen, and by then nobody knows any more where a request came from. */
export function refuseSourceIp(
  { hash }: Pick<Forward, "hash">,
  span: Span,
  report: Report,
): Record<string, never> {
  if (hash?.some(({ kind }) => kind === "sourceIp")) {
    report(
      "SL0301",
      `not supported yet: ${FAULT_SCOPE}: upstream with consistentHash by source address`,
      span,
    );
  }
  return {};
}
