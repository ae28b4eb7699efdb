/** SL0409: a subset whose labels no endpoint of its service has, where it is asked for or where it is defined. */

import { formatLabels } from "../../services/labels.ts";
import type { Report } from "../../services/report.ts";
import type { Viewer } from "./viewer.ts";

export function reportEmptySubsets(viewer: Viewer, report: Report): void {
  for (const { host, name, labels, span } of viewer.emptySubsets()) {
    report(
      "SL0409",
      `no endpoint of "${host}" has the labels of subset "${name}", ${formatLabels(labels)}; requests to it will get a 503`,
      span,
    );
  }
}
