/** A place where rules are applied, and the matches that are decided by the place alone. */

import type { ProxyOptions } from "../../../options.ts";
import type { HttpMatchRequest } from "../../resources/model.ts";
import { selects } from "../../services/labels.ts";
import { resolveGatewayName } from "./gateway-names.ts";

export interface Site {
  /** `mesh`, or `namespace/name` of a Gateway. */
  readonly gateway: string;
  /** The port as the rules know it: a service's in the mesh, the server's at a gateway. Never the port bound. */
  readonly port: number;
  /**
   * In the mesh, rules for hosts that are no services are applied to port 80, whatever ports they mean: nothing is
   * wrong then with a destination that does not have it.
   */
  readonly speculative?: boolean;
}

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
