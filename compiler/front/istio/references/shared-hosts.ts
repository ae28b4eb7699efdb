/** SL0407: VirtualServices that speak of one host in the mesh, where only one of them is heard. */

import type { ProxyOptions } from "../../../options.ts";
import type { Resource, VirtualServiceSpec } from "../../resources/model.ts";
import { covers, isWildcard, resolveHost } from "../../services/host-names.ts";
import type { Report } from "../../services/report.ts";
import { MESH } from "../rules/gateway-names.ts";
import type { Viewer } from "./viewer.ts";

type VirtualService = Resource<VirtualServiceSpec>;

interface Claim {
  readonly virtualService: VirtualService;
  readonly host: string;
  readonly index: number;
  /** The namespaces that it is exported to by name; `undefined`: to all. */
  readonly scopes: ReadonlySet<string> | undefined;
}

/**
 * To one proxy, the first claim is heard, and those behind it are told; a wildcard yields to the narrower one there, and
 * nothing is wrong. Everyone together has no first: both sides are told, and wildcards that only some proxies see.
 */
export function reportSharedHosts(
  viewer: Viewer,
  { domainSuffix, meshPort, meshListeners }: ProxyOptions,
  report: Report,
): void {
  // A proxy without listeners for the mesh obeys none of these rules.
  if (viewer.kind === "proxy" && meshPort === 0 && !meshListeners) {
    return;
  }
  const { virtualServices } = viewer;
  if (viewer.kind === "proxy" && apart.get(virtualServices) === domainSuffix) {
    return;
  }
  const claims = virtualServices.flatMap((one) => claimsOf(one, domainSuffix));
  const byHost = new Map<string, Claim[]>();
  for (const claim of claims) {
    const known = byHost.get(claim.host);
    if (known === undefined) {
      byHost.set(claim.host, [claim]);
    } else {
      known.push(claim);
    }
  }
  if (byHost.size === claims.length && viewer.kind === "proxy") {
    apart.set(virtualServices, domainSuffix);
    return;
  }
  // Few have wildcards, so each claim is compared with those and with its own host's alone.
  const wildcards = viewer.kind === "proxy" ? [] : claims.filter(({ host }) => isWildcard(host));
  for (const claim of claims) {
    const same = byHost.get(claim.host)!;
    const rivals = viewer.kind === "proxy" ? same.slice(0, 1) : same;
    const other = rivals.find((rival) => conflicts(claim, rival));
    if (other !== undefined) {
      const fate = scopesDiffer(claim, other)
        ? "proxies that see both use the one that is exported to their namespace by name"
        : "only the older one takes effect";
      reportClaim(claim, other, fate, report);
      continue;
    }
    const candidates = viewer.kind === "everyone" && isWildcard(claim.host) ? claims : wildcards;
    const wider = candidates.find(
      (rival) => conflicts(claim, rival) && scopesDiffer(claim, rival) && overlap(claim, rival),
    );
    if (wider !== undefined) {
      reportClaim(claim, wider, "which of them a proxy sees depends on exportTo", report);
    }
  }
}

/** Lists, which never change, in which no two speak of one host, by the domain that their names are completed with. */
const apart = new WeakMap<readonly VirtualService[], string>();

function claimsOf(virtualService: VirtualService, domainSuffix: string): Claim[] {
  const { spec, namespace } = virtualService;
  if (spec.gateways?.length && !spec.gateways.includes(MESH)) {
    return [];
  }
  const scopes =
    !spec.exportTo?.length || spec.exportTo.includes("*")
      ? undefined
      : new Set(
          spec.exportTo.filter((scope) => scope !== "~").map((scope) => (scope === "." ? namespace : scope)),
        );
  const hosts = new Map<string, number>();
  for (const [index, written] of (spec.hosts ?? []).entries()) {
    const host = resolveHost(written, namespace, domainSuffix);
    // One that is there twice is told of elsewhere.
    if (!hosts.has(host)) {
      hosts.set(host, index);
    }
  }
  return [...hosts].map(([host, index]) => ({ virtualService, host, index, scopes }));
}

/** Some namespace sees both. */
function conflicts(a: Claim, b: Claim): boolean {
  if (a.virtualService === b.virtualService) {
    return false;
  }
  if (a.scopes === undefined || b.scopes === undefined) {
    return true;
  }
  return [...a.scopes].some((scope) => b.scopes!.has(scope));
}

function scopesDiffer(a: Claim, b: Claim): boolean {
  return (a.scopes === undefined) !== (b.scopes === undefined);
}

function overlap(a: Claim, b: Claim): boolean {
  return covers(a.host, b.host) || covers(b.host, a.host);
}

function reportClaim(
  { virtualService, host, index }: Claim,
  other: Claim,
  fate: string,
  report: Report,
): void {
  const { namespace, name } = other.virtualService;
  const what = other.host === host ? "is also a host of" : `overlaps "${other.host}" of`;
  report(
    "SL0407",
    `in the mesh, "${host}" ${what} VirtualService ${namespace}/${name}; ${fate}`,
    virtualService.spanOf(["spec", "hosts", index]),
    () => ({
      related: [
        { message: "the other one", span: other.virtualService.spanOf(["spec", "hosts", other.index]) },
      ],
      help: "Put all rules for the host into one VirtualService.",
    }),
  );
}
