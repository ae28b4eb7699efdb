/** What Grafana and Prometheus are given to show what rules do. It is the same for all rules: their names are labels. */

import { stringify } from "yaml";
import type { FileContents } from "../../run/delivery/output-files.ts";
import { alertRules } from "./alerts.ts";
import { dashboard } from "./dashboard.ts";

/** `dashboard.json` is imported into Grafana, `alerts.yaml` is one of Prometheus' `rule_files`. */
export function grafanaFiles(): Map<string, FileContents> {
  return new Map<string, FileContents>([
    ["dashboard.json", `${JSON.stringify(dashboard(), null, 2)}\n`],
    ["alerts.yaml", stringify(alertRules(), { lineWidth: 0 })],
  ]);
}
