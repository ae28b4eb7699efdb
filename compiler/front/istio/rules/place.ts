/** The matches that are decided by the place alone where a rule is applied. */

import type { ProxyOptions } from "../../../options.ts";
import type { HttpMatchRequest } from "../../resources/model.ts";
import { selects } from "../../services/labels.ts";
import { labelsOfProxy } from "../../services/proxy-labels.ts";
import type { Site } from "../context/site.ts";
import { resolveGatewayName } from "./gateway-names.ts";

/** The conditions of a match that no request of this proxy meets at this site, as the rule has them. */
export function unmetAt(
  match: HttpMatchRequest | undefined,
  site: Site,
  ruleNamespace: string,
  options: ProxyOptions,
): readonly string[] {
  // Nearly all matches are of this kind.
  if (!match?.port && !match?.gateways && !match?.sourceLabels && !match?.sourceNamespace) {
    return NONE;
  }
  const { proxyNamespace } = options;
  const { port, gateways = [], sourceLabels, sourceNamespace } = match;
  const unmet: string[] = [];
  if (
    gateways.length > 0 &&
    !gateways.some((name) => resolveGatewayName(name, ruleNamespace) === site.gateway)
  ) {
    unmet.push(`gateways ${gateways.join(", ")}`);
  }
  if (port && port !== site.port) {
    unmet.push(`port ${port}`);
  }
  if (gateways.length > 0) {
    // They override conditions on the source instead of adding to them.
    return unmet;
  }
  if (sourceNamespace && sourceNamespace !== proxyNamespace) {
    unmet.push(`sourceNamespace ${sourceNamespace}`);
  }
  for (const [name, value] of Object.entries(sourceLabels ?? {})) {
    if (!selects({ [name]: value }, labelsOfProxy(options))) {
      unmet.push(`sourceLabels ${name}=${value}`);
    }
  }
  return unmet;
}

const NONE: readonly string[] = [];
