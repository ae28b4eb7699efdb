/** SL0409 and SL0448: a subset whose labels no endpoint of its service has, where it is asked for or where it is defined. */

import { formatLabels } from "../../services/labels.ts";
import type { Report } from "../../services/report.ts";
import type { Viewer } from "./viewer.ts";

const PODS =
  "Add the Pods with their addresses, or name the Pod of each endpoint in its targetRef: several workloads are behind the service.";

export function reportEmptySubsets(viewer: Viewer, report: Report): void {
  for (const { host, name, labels, isKnown, isUnsure, span } of viewer.emptySubsets()) {
    const whose = `the labels of subset "${name}", ${formatLabels(labels)}`;
    if (isUnsure) {
      report(
        "SL0945",
        `no endpoint of "${host}" is known to have ${whose}; requests to it will get a 503`,
        span,
        () => ({ help: PODS }),
      );
    } else if (isKnown) {
      report("SL0409", `no endpoint of "${host}" has ${whose}; requests to it will get a 503`, span);
    } else {
      report("SL0448", `the input has no Pods and no endpoints of "${host}" that could have ${whose}`, span);
    }
  }
}
