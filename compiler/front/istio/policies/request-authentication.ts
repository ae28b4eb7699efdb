/**
 * RequestAuthentication: whose tokens this proxy verifies. Obeyed by the listeners of Gateways alone, as by istiod, for which a
 * sidecar verifies what comes in and never what goes out. Source: istiod's `convertToEnvoyJwtConfig`.
 */

import type { Authentication, TokenKeys, TokenProvider } from "../../../ir/authentication.ts";
import type { Cluster } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import type { JwtRule, RequestAuthenticationSpec, Resource, ResourceSet } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";
import { byAge } from "../../services/order.ts";
import type { Effects } from "../context/effects.ts";
import { type GatheringContext, gathering } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { selectsByPolicy } from "../context/policy-selection.ts";
import { policyTarget } from "../context/policy-target.ts";
import { keyCluster, parseJwksUri } from "./token-keys.ts";

export interface LoweredAuthentication {
  /** Absent: nobody is asked. */
  readonly authentication?: Authentication;
  /** Those that keys are fetched from, and nothing else. */
  readonly clusters: readonly Cluster[];
  readonly effects: Effects;
}

const TIMEOUT_MS = 5_000;
/** OAuth's `scope` (RFC 6749) and what some issuers have like it. */
const SPACE_DELIMITED = ["permission", "scope"];

/** The policies that select this proxy, in istiod's order: those of its own namespace, then those of the root namespace; the oldest first. */
export function selectedAuthentications(
  resources: ResourceSet,
  options: LoweringContext["options"],
): Resource<RequestAuthenticationSpec>[] {
  if (resources.requestAuthentications.length === 0) {
    return [];
  }
  const proxy = policyTarget(resources, options);
  if (!proxy.roles.includes("gateway")) {
    return [];
  }
  const isRoot = ({ namespace }: Resource<unknown>) => namespace === proxy.rootNamespace;
  return resources.requestAuthentications
    .filter((policy) => selectsByPolicy(policy, proxy))
    .sort((a, b) => Number(isRoot(a)) - Number(isRoot(b)) || byAge(a, b));
}

export function lowerAuthentication(
  policies: readonly Resource<RequestAuthenticationSpec>[],
  context: LoweringContext,
): LoweredAuthentication {
  const lowering = gathering(context);
  const clusters = new Map<string, Cluster>();
  const providers = policies
    .flatMap((policy) =>
      (policy.spec.jwtRules ?? []).map((rule, i) => ({
        issuer: rule.issuer ?? "",
        provider: lowerRule(rule, policy, i, clusters, lowering),
      })),
    )
    .sort((a, b) => compareStrings(a.issuer, b.issuer))
    .flatMap(({ provider }) => provider ?? []);
  return {
    ...(providers.length > 0 && { authentication: { providers } }),
    clusters: [...clusters.values()],
    effects: lowering.effects,
  };
}

/** `undefined`: nobody knows its keys, which is said elsewhere. */
function lowerRule(
  rule: JwtRule,
  policy: Resource<unknown>,
  index: number,
  clusters: Map<string, Cluster>,
  lowering: GatheringContext,
): TokenProvider | undefined {
  const keys = lowerKeys(rule, policy, index, clusters, lowering);
  return (
    keys && {
      ...(rule.issuer && { issuer: rule.issuer }),
      audiences: rule.audiences ?? [],
      keys,
      headers: (rule.fromHeaders ?? []).map(({ name, prefix = "" }) => ({
        name: name.toLowerCase(),
        prefix,
      })),
      parameters: rule.fromParams ?? [],
      cookies: rule.fromCookies ?? [],
      forwards: rule.forwardOriginalToken ?? false,
      ...(rule.outputPayloadToHeader && { payloadHeader: rule.outputPayloadToHeader.toLowerCase() }),
      claimHeaders: (rule.outputClaimToHeaders ?? []).map(({ header, claim }) => ({
        name: header.toLowerCase(),
        claim,
      })),
      spaceDelimitedClaims: [...new Set([...(rule.spaceDelimitedClaims ?? []), ...SPACE_DELIMITED])].sort(
        compareStrings,
      ),
    }
  );
}

function lowerKeys(
  { jwks, jwksUri, jwks_uri, timeout }: JwtRule,
  policy: Resource<unknown>,
  index: number,
  clusters: Map<string, Cluster>,
  lowering: GatheringContext,
): TokenKeys | undefined {
  if (jwks) {
    return { kind: "inline", jwks };
  }
  const uri = jwksUri ?? jwks_uri;
  const parsed = uri === undefined ? undefined : parseJwksUri(uri);
  if (uri === undefined || parsed === undefined || typeof parsed === "string") {
    return undefined;
  }
  const span = policy.spanOf(["spec", "jwtRules", index, jwksUri === undefined ? "jwks_uri" : "jwksUri"]);
  return {
    kind: "remote",
    uri,
    cluster: keyCluster(parsed, span, clusters, lowering),
    timeoutMs: durationMs(timeout) ?? TIMEOUT_MS,
  };
}
