/**
 * Says which references between resources lead nowhere: SL0401 to SL0409. Nothing of it hinders the lowering, which leaves
 * out what is missing and goes on; that is why it is looked for here, once, for one proxy or for everyone.
 */

import type { DiagnosticSink } from "../../../diagnostics/diagnostic.ts";
import { FaultlessList } from "../../../lists/faultless-list.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { ResourceSet } from "../../resources/model.ts";
import { Refused } from "../../services/refused.ts";
import { reportTo } from "../../services/report.ts";
import type { Environment } from "../context/environment.ts";
import { LoweringCache } from "../context/lowering-cache.ts";
import { SelectedPods } from "./defined-subsets.ts";
import { reportDestinations } from "./destinations.ts";
import { reportEmptySubsets } from "./empty-subsets.ts";
import { everyone } from "./everyone.ts";
import { reportGatewayNames } from "./gateway-names.ts";
import { reportPolicyHosts } from "./policy-hosts.ts";
import { type LoweredReferences, proxyViewer } from "./proxy-viewer.ts";
import { reportSelectors } from "./selectors.ts";
import { reportSharedHosts } from "./shared-hosts.ts";
import type { Viewer } from "./viewer.ts";

/** What one proxy obeys, or also what all others do. */
export type CheckedReferences = "ofProxy" | "ofEveryone";

interface Lowered {
  readonly environment: Environment;
  readonly references: LoweredReferences;
}

export function checkReferences(
  resources: ResourceSet,
  options: ProxyOptions,
  { environment, references }: Lowered,
  checked: CheckedReferences,
  sink: DiagnosticSink,
  cache: LoweringCache = new LoweringCache(),
): void {
  // Two viewers say the same thing in the same words, and this says it once.
  const report = reportTo(sink);
  const pods = new SelectedPods(resources, environment.workloads.pods, options.domainSuffix);
  const proxy = proxyViewer(resources, options, environment, references, pods);
  const all = checked === "ofEveryone" ? everyone(resources, options, environment.services, pods) : undefined;
  const refused = new Refused(resources, options.domainSuffix);
  reportSelectors(resources, environment.workloads, options.proxyLabels, report);
  // Whoever is unheard by one proxy is so to everyone.
  reportSharedHosts(all ?? proxy, options, report);
  const viewers: readonly Viewer[] = all === undefined ? [proxy] : [proxy, all];
  for (const viewer of viewers) {
    const served = viewer === proxy ? cache.servedRules : new FaultlessList();
    reportGatewayNames(viewer, resources, refused, options, served, report);
    reportPolicyHosts(viewer, refused, options, report);
    reportDestinations(viewer, refused, report);
    reportEmptySubsets(viewer, report);
  }
}
