/**
 * SL0405 and SL0446: a Gateway selects labels that nobody of the input has, nor the proxy that is configured. Sets have
 * Gateways of several proxies, of which one is asked about, and hardly ever all Pods: unless the labels look like a slip,
 * they are another proxy's.
 */

import { distance } from "fastest-levenshtein";
import type { ResourceSet } from "../../resources/model.ts";
import { formatLabels, type Labels, selects } from "../../services/labels.ts";
import type { Report } from "../../services/report.ts";
import type { Workloads } from "../../services/workloads.ts";

/** Gateways that Istio's installation comes with, which nobody keeps in git (https://istio.io/latest/docs/setup/additional-setup/gateway/). */
const OF_ISTIO: readonly Labels[] = ["ingressgateway", "egressgateway", "eastwestgateway"].map((istio) => ({
  app: `istio-${istio}`,
  istio,
}));

export function reportSelectors(
  { gateways, services }: ResourceSet,
  workloads: Workloads,
  proxyLabels: Labels,
  report: Report,
): void {
  const known = [
    proxyLabels,
    ...OF_ISTIO,
    ...workloads.pods.map(({ labels }) => labels),
    // Pods that a Service selects are somewhere.
    ...services.map(({ spec }) => spec.selector ?? {}),
  ];
  for (const gateway of gateways) {
    const selector = gateway.spec.selector ?? {};
    if (known.some((labels) => selects(selector, labels))) {
      continue;
    }
    const slip = slipIn(selector, known);
    report(
      slip === undefined ? "SL0446" : "SL0405",
      `this Gateway selects ${formatLabels(selector)}, but no Pod has these labels; this proxy's labels are ${formatLabels(proxyLabels)}`,
      gateway.spanOf(["spec", "selector"]),
      () => ({ help: selectorHelp(selector, slip) }),
    );
  }
}

/** Letters. */
const LARGEST_SLIP = 2;

/** One that goes on behind the other is a name of its own: `ingressgateway-a`. */
function isSlip(label: string, known: string): boolean {
  return (
    !label.startsWith(known) &&
    !known.startsWith(label) &&
    distance(label, known) <= Math.min(LARGEST_SLIP, Math.floor(label.length / 6))
  );
}

/** What was meant by a label of the selector, as `name: value`. */
function slipIn(selector: Labels, known: readonly Labels[]): string | undefined {
  for (const [name, value] of Object.entries(selector)) {
    if (known.some((labels) => labels[name] === value)) {
      continue;
    }
    for (const labels of known) {
      for (const [otherName, other] of Object.entries(labels)) {
        if (isSlip(`${name}=${value}`, `${otherName}=${other}`)) {
          return `${otherName}: ${other}`;
        }
      }
    }
  }
  return undefined;
}

function selectorHelp(selector: Labels, slip: string | undefined): string {
  const meant = slip === undefined ? "" : `Did you mean ${slip}? `;
  return `${meant}To run a proxy that it selects, pass --proxy-labels ${formatLabels(selector)}.`;
}
