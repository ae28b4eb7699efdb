/**
 * Istio's security policies. AuthorizationPolicy is enforced by the server's proxy: at a gateway, which is a server to its
 * clients, and at the sidecar behind an upstream, which goes on enforcing it whoever calls. A sidecar's outbound listeners do
 * not. PeerAuthentication is about connections to workloads; those to a gateway are
 * as its `servers` say.
 */

import type { Resource } from "../../resources/model.ts";
import { fieldOf, itemsOf } from "../../resources/unchecked-fields.ts";
import { selectsByPolicy } from "../context/policy-selection.ts";
import type { PolicyTarget } from "../context/policy-target.ts";
import { mayMatch } from "./operations.ts";
import type { UnreadResource } from "./unread-resource.ts";

type Policy = Resource<unknown>;

const AT_GATEWAY = ["gateway"] as const;

export function authorizationPolicies(policies: readonly Policy[], proxy: PolicyTarget): UnreadResource[] {
  const inForce = policies.filter(
    (policy) => selectsByPolicy(policy, proxy) && policy.annotations["istio.io/dry-run"] !== "true",
  );
  // What one of them allows is allowed, whatever the others say.
  const allowsAll = inForce.some((policy) => actionOf(policy) === "ALLOW" && rulesOf(policy).some(isForAll));
  return inForce.flatMap((policy): UnreadResource[] => {
    const what = denialOf(policy, allowsAll);
    if (what === undefined) {
      return [];
    }
    const denies = { resource: policy, effect: "denies", what, roles: AT_GATEWAY } as const;
    // One that allows denies everything else; what the others allow is theirs to say.
    return actionOf(policy) === "ALLOW"
      ? [denies]
      : [{ ...denies, mayConcern: (request) => mayMatch(rulesOf(policy), request) }];
  });
}

function denialOf(policy: Policy, allowsAll: boolean): string | undefined {
  const rules = rulesOf(policy);
  switch (actionOf(policy)) {
    case "ALLOW":
      if (allowsAll) {
        return undefined;
      }
      return rules.length === 0 ? "denies every request" : "denies what none of its rules allows";
    case "DENY":
      return rules.length === 0 ? undefined : "denies what its rules match";
    case "CUSTOM":
      return rules.length === 0
        ? undefined
        : "asks an external authorizer about requests that its rules match";
    default:
      return undefined;
  }
}

const actionOf = ({ spec }: Policy) => fieldOf(spec, "action") ?? "ALLOW";
const rulesOf = ({ spec }: Policy) => itemsOf(spec, "rules");
const isForAll = (rule: unknown) => ["from", "to", "when"].every((part) => itemsOf(rule, part).length === 0);

/** Whichever workloads it selects: this proxy may call them. */
export function peerAuthentications(policies: readonly Policy[]): UnreadResource[] {
  return policies.filter(isStrict).map((resource) => ({
    resource,
    effect: "demandsMutualTls",
    what: "makes its workloads accept only mutual TLS of the mesh, which this proxy speaks only where a DestinationRule says ISTIO_MUTUAL",
    roles: [],
  }));
}

function isStrict({ spec }: Policy): boolean {
  const ports = Object.values((fieldOf(spec, "portLevelMtls") as object | undefined) ?? {});
  return [fieldOf(spec, "mtls"), ...ports].some((mtls) => fieldOf(mtls, "mode") === "STRICT");
}
