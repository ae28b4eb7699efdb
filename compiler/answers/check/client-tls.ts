/** TLS that believes every server: SL0421 and SL0422. */

import type { DestinationRuleSpec, FieldPath, Resource, TrafficPolicy } from "../../front/resources/model.ts";
import type { View } from "./view.ts";

type DestinationRule = Resource<DestinationRuleSpec>;

export function checkClientTls(view: View): void {
  for (const rule of view.resources.destinationRules) {
    reportUnverified(rule, rule.spec.trafficPolicy, ["spec", "trafficPolicy"], view);
    for (const [i, subset] of (rule.spec.subsets ?? []).entries()) {
      reportUnverified(rule, subset.trafficPolicy, ["spec", "subsets", i, "trafficPolicy"], view);
    }
  }
}

function reportUnverified(
  rule: DestinationRule,
  policy: TrafficPolicy | undefined,
  path: FieldPath,
  view: View,
): void {
  const selected = rule.spec.workloadSelector !== undefined;
  const unverified = (tls: TrafficPolicy["tls"]): boolean =>
    (tls?.mode === "SIMPLE" || tls?.mode === "MUTUAL") &&
    !tls.caCertificates &&
    !(tls.credentialName && selected);
  const message = "the server's certificate is not verified";
  const help = "Set caCertificates or, with a workloadSelector, credentialName.";
  if (unverified(policy?.tls)) {
    view.report("SL0421", rule, [...path, "tls"], message, { help });
  }
  for (const [i, port] of (policy?.portLevelSettings ?? []).entries()) {
    if (unverified(port?.tls)) {
      view.report("SL0422", rule, [...path, "portLevelSettings", i, "tls"], message, { help });
    }
  }
}
