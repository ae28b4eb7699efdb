/** SL0409 and SL0448: a subset whose labels no endpoint of its service has, where it is asked for or where it is defined. */

import { formatLabels } from "../../services/labels.ts";
import type { Report } from "../../services/report.ts";
import type { Viewer } from "./viewer.ts";

export function reportEmptySubsets(viewer: Viewer, report: Report): void {
  for (const { host, name, labels, isKnown, span } of viewer.emptySubsets()) {
    const whose = `the labels of subset "${name}", ${formatLabels(labels)}`;
    if (isKnown) {
      report("SL0409", `no endpoint of "${host}" has ${whose}; requests to it will get a 503`, span);
    } else {
      report("SL0448", `the input has no Pods and no endpoints of "${host}" that could have ${whose}`, span);
    }
  }
}
