/** VirtualServices that speak of one host in the mesh, where only one is heard. */

import { MESH } from "../../front/istio/rules/gateway-names.ts";
import { covers, isWildcard, resolveHost } from "../../front/services/host-names.ts";
import type { View } from "./view.ts";
import type { VirtualService } from "./virtual-services.ts";

interface Claim {
  readonly virtualService: VirtualService;
  readonly host: string;
  readonly index: number;
  /** The namespaces that it is exported to by name; `undefined`: to all. */
  readonly scopes: ReadonlySet<string> | undefined;
}

export function reportSharedHosts(view: View): void {
  const claims = view.resources.virtualServices.flatMap((virtualService) => claimsOf(virtualService, view));
  const byHost = new Map<string, Claim[]>();
  for (const claim of claims) {
    const known = byHost.get(claim.host);
    if (known === undefined) {
      byHost.set(claim.host, [claim]);
    } else {
      known.push(claim);
    }
  }
  // Few have wildcards, so each claim is compared with those and with its own host's alone.
  const wildcards = claims.filter(({ host }) => isWildcard(host));
  for (const claim of claims) {
    const same = byHost.get(claim.host)!.find((other) => conflicts(claim, other));
    if (same !== undefined) {
      reportSame(claim, same, view);
      continue;
    }
    const candidates = isWildcard(claim.host) ? claims : wildcards;
    const wider = candidates.find(
      (other) => conflicts(claim, other) && scopesDiffer(claim, other) && overlap(claim, other),
    );
    if (wider !== undefined) {
      reportWider(claim, wider, view);
    }
  }
}

function claimsOf(virtualService: VirtualService, { options }: View): Claim[] {
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
    const host = resolveHost(written, namespace, options.domainSuffix);
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

function reportSame(claim: Claim, other: Claim, view: View): void {
  report(
    claim,
    other,
    view,
    scopesDiffer(claim, other)
      ? "proxies that see both go by the one that is exported to them by name"
      : "only the older one has effect",
  );
}

function reportWider(claim: Claim, other: Claim, view: View): void {
  report(claim, other, view, "who sees both, and who only one, is told by exportTo");
}

function report({ virtualService, host, index }: Claim, other: Claim, view: View, fate: string): void {
  const { namespace, name } = other.virtualService;
  const what = other.host === host ? "is also ruled by" : `overlaps "${other.host}" of`;
  view.report(
    "SL0407",
    virtualService,
    ["spec", "hosts", index],
    `in the mesh, "${host}" ${what} VirtualService ${namespace}/${name}; ${fate}`,
    {
      related: [
        { message: "the other one", span: other.virtualService.spanOf(["spec", "hosts", other.index]) },
      ],
      help: "Put the rules for one host into one VirtualService.",
    },
  );
}
