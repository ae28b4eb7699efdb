/** The matches that are decided by the place alone where a rule is applied. */

import type { ProxyOptions } from "../../../options.ts";
import type { HttpMatchRequest } from "../../resources/model.ts";
import { selects } from "../../services/labels.ts";
import type { Site } from "../context/site.ts";
import { resolveGatewayName } from "./gateway-names.ts";

/** Requests of this proxy at this site can meet the match. */
export function appliesAt(
  match: HttpMatchRequest | undefined,
  site: Site,
  ruleNamespace: string,
  { proxyLabels, proxyNamespace }: ProxyOptions,
): boolean {
  if (match === undefined) {
    return true;
  }
  if (match.port && match.port !== site.port) {
    return false;
  }
  // Gateways override conditions on the source instead of adding to them.
  if (match.gateways !== undefined && match.gateways.length > 0) {
    return match.gateways.some((name) => resolveGatewayName(name, ruleNamespace) === site.gateway);
  }
  return (
    selects(match.sourceLabels, proxyLabels) &&
    (!match.sourceNamespace || match.sourceNamespace === proxyNamespace)
  );
}
