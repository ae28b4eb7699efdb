/** SL0405: a Gateway selects labels that nobody has, neither a Pod of the input nor the proxy that is configured. */

import { nearest } from "../../../diagnostics/nearest.ts";
import type { GatewaySpec, Resource } from "../../resources/model.ts";
import { formatLabels, type Labels, selects } from "../../services/labels.ts";
import type { Report } from "../../services/report.ts";
import type { Workloads } from "../../services/workloads.ts";

export function reportSelectors(
  gateways: readonly Resource<GatewaySpec>[],
  workloads: Workloads,
  proxyLabels: Labels,
  report: Report,
): void {
  for (const gateway of gateways) {
    const selector = gateway.spec.selector ?? {};
    if (!selects(selector, proxyLabels) && !workloads.anyPodHas(selector)) {
      report(
        "SL0405",
        `this Gateway selects ${formatLabels(selector)}, but no Pod has these labels; this proxy's labels are ${formatLabels(proxyLabels)}`,
        gateway.spanOf(["spec", "selector"]),
        () => ({ help: selectorHelp(selector, proxyLabels) }),
      );
    }
  }
}

function selectorHelp(selector: Labels, proxyLabels: Labels): string {
  const [key, value = ""] = Object.entries(selector).find(
    ([name, wanted]) => proxyLabels[name] !== wanted,
  ) ?? [""];
  const known = Object.entries(proxyLabels).map(([name, label]) => `${name}=${label}`);
  const near = nearest(`${key}=${value}`, known);
  const meant = near === undefined ? "" : `Did you mean ${near.replace("=", ": ")}? `;
  return `${meant}To run a proxy that it selects, pass --proxy-labels ${formatLabels(selector)}.`;
}
