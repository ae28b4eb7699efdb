/** VirtualServices with what they speak of: services, subsets, Gateways, and one another. */

import { nearest } from "../../diagnostics/nearest.ts";
import { isInternalGateway, MESH, resolveGatewayName } from "../../front/istio/rules/gateway-names.ts";
import type { Destination, FieldPath, Resource, VirtualServiceSpec } from "../../front/resources/model.ts";
import { covers, resolveHost } from "../../front/services/host-names.ts";
import { selects } from "../../front/services/labels.ts";
import { exposure } from "../../front/services/visibility.ts";
import { type KnownService, podsOf, type View } from "./view.ts";

export type VirtualService = Resource<VirtualServiceSpec>;

export function analyseVirtualServices(view: View): void {
  const { virtualServices } = view.resources;
  const subsets = definedSubsets(view);
  for (const virtualService of virtualServices) {
    for (const { destination, path } of destinationsOf(virtualService)) {
      reportDestination(virtualService, destination, path, subsets, view);
    }
    reportGateways(virtualService, view);
    reportClaims(virtualService, view);
    reportDeprecated(virtualService, view);
  }
  reportIngress(virtualServices, view);
}

interface Place {
  readonly destination: Destination;
  readonly path: FieldPath;
}

/** Every destination that a rule names, mirrors included. */
export function* destinationsOf({ spec }: VirtualService): Generator<Place> {
  for (const kind of ["http", "tls", "tcp"] as const) {
    for (const [i, rule] of (spec[kind] ?? []).entries()) {
      for (const [j, part] of (rule?.route ?? []).entries()) {
        if (part?.destination?.host) {
          yield { destination: part.destination, path: ["spec", kind, i, "route", j, "destination"] };
        }
      }
    }
  }
  for (const [i, rule] of (spec.http ?? []).entries()) {
    if (rule?.mirror?.host) {
      yield { destination: rule.mirror, path: ["spec", "http", i, "mirror"] };
    }
    for (const [j, mirror] of (rule?.mirrors ?? []).entries()) {
      if (mirror?.destination?.host) {
        yield { destination: mirror.destination, path: ["spec", "http", i, "mirrors", j, "destination"] };
      }
    }
  }
}

/** `host subset` of all DestinationRules, with the namespaces that see them. */
type Subsets = ReadonlyMap<
  string,
  readonly { readonly owner: string; readonly exportTo?: readonly string[] }[]
>;

function definedSubsets({ resources, options }: View): Subsets {
  const defined = new Map<string, { owner: string; exportTo?: readonly string[] }[]>();
  for (const { spec, namespace } of resources.destinationRules) {
    const host = resolveHost(spec.host, namespace, options.domainSuffix);
    for (const { name } of spec.subsets ?? []) {
      const key = `${host} ${name}`;
      const entry = { owner: namespace, ...(spec.exportTo && { exportTo: spec.exportTo }) };
      const known = defined.get(key);
      if (known === undefined) {
        defined.set(key, [entry]);
      } else {
        known.push(entry);
      }
    }
  }
  return defined;
}

/** Beyond so many, names without a suggestion: looking for the nearest of thousands, thousands of times, takes minutes. */
const MAX_SUGGESTIONS = 100;
const suggested = new WeakMap<View, number>();

function reportDestination(
  virtualService: VirtualService,
  { host, port, subset }: Destination,
  path: FieldPath,
  subsets: Subsets,
  view: View,
): void {
  const { namespace } = virtualService;
  const services = servicesForAll(virtualService, host, view);
  const full = resolveHost(host, namespace, view.options.domainSuffix);
  if (services.length === 0) {
    const count = suggested.get(view) ?? 0;
    suggested.set(view, count + 1);
    const near = count < MAX_SUGGESTIONS ? nearest(full, view.hosts) : undefined;
    view.report("SL0401", virtualService, [...path, "host"], `no service has the host "${full}"`, {
      ...(near !== undefined && { help: `Did you mean "${near}"?` }),
    });
  } else {
    const ports = new Set(services.flatMap((service) => service.ports));
    const list = [...ports].join(", ");
    if (port?.number === undefined && ports.size > 1) {
      view.report(
        "SL0428",
        virtualService,
        [...path, "host"],
        `"${full}" has several ports, and none is chosen`,
        {
          help: `Write port.number: it has ${list}.`,
        },
      );
    } else if (port?.number !== undefined && !ports.has(port.number)) {
      view.report(
        "SL0402",
        virtualService,
        [...path, "port", "number"],
        `"${full}" has no port ${port.number}`,
        {
          ...(list !== "" && { help: `It has: ${list}.` }),
        },
      );
    }
  }
  if (subset && !isDefined(full, subset, namespace, subsets)) {
    view.report(
      "SL0403",
      virtualService,
      [...path, "subset"],
      `no DestinationRule defines a subset "${subset}" of "${full}"`,
    );
  }
}

/** As the namespaces see them that the rule is for; none when one of those sees none. */
function servicesForAll(
  { spec, namespace }: VirtualService,
  host: string,
  view: View,
): readonly KnownService[] {
  const named = (spec.exportTo ?? [])
    .filter((scope) => scope !== "*" && scope !== "~")
    .map((scope) => (scope === "." ? namespace : scope));
  // A short name is one of the rule's own namespace, whoever asks.
  const full = resolveHost(host, namespace, view.options.domainSuffix);
  const seen = (named.length === 0 ? [namespace] : named).map((viewer) => view.servicesOf(full, viewer));
  return seen.some((services) => services.length === 0) ? [] : seen.flat();
}

function isDefined(host: string, subset: string, viewer: string, subsets: Subsets): boolean {
  const seen = ({ owner, exportTo }: { owner: string; exportTo?: readonly string[] }) =>
    exposure(exportTo, owner, viewer) !== undefined;
  if (subsets.get(`${host} ${subset}`)?.some(seen)) {
    return true;
  }
  // A DestinationRule's own host may be a wildcard.
  for (let at = host.indexOf("."); at >= 0; at = host.indexOf(".", at + 1)) {
    if (subsets.get(`*${host.slice(at)} ${subset}`)?.some(seen)) {
      return true;
    }
  }
  return subsets.get(`* ${subset}`)?.some(seen) ?? false;
}

function reportGateways(virtualService: VirtualService, view: View): void {
  const { spec, namespace } = virtualService;
  const hosts = (spec.hosts ?? []).map((host) => resolveHost(host, namespace, view.options.domainSuffix));
  const short = (spec.hosts ?? []).map((host) => host.toLowerCase());
  for (const [index, written] of (spec.gateways ?? []).entries()) {
    if (written === MESH) {
      continue;
    }
    const path = ["spec", "gateways", index];
    const name = resolveGatewayName(written, namespace);
    const served = hostsOfGateway(name, namespace, view);
    if (isInternalGateway(written)) {
      view.report("SL0431", virtualService, path, "this Gateway is istiod's own, and its name may change", {
        help: "Name the Gateway that istiod made it of.",
      });
      continue;
    }
    if (served === undefined) {
      const known = view.resources.gateways.map((gateway) => `${gateway.namespace}/${gateway.name}`);
      const near = nearest(name, known);
      view.report("SL0404", virtualService, path, `there is no Gateway ${name}`, {
        ...(near !== undefined && { help: `Did you mean "${near}"?` }),
      });
    } else if (
      ![...hosts, ...short].some((host) => served.some((own) => covers(own, host) || covers(host, own)))
    ) {
      view.report(
        "SL0408",
        virtualService,
        ["spec", "hosts"],
        `none of these hosts is served by Gateway ${name}`,
        {
          help: served.length === 0 ? "It serves none to this namespace." : `It serves ${served.join(", ")}.`,
        },
      );
    }
  }
}

/** Those that a namespace may use; `undefined` when there is no such Gateway. */
function hostsOfGateway(name: string, viewer: string, { resources }: View): string[] | undefined {
  const is = (resource: Resource<unknown>) => `${resource.namespace}/${resource.name}` === name;
  const gateway = resources.gateways.find(is);
  if (gateway !== undefined) {
    return (gateway.spec.servers ?? []).flatMap(({ hosts }) =>
      hosts.flatMap((entry) => {
        const slash = entry.indexOf("/");
        const wanted = slash < 0 ? "*" : entry.slice(0, slash);
        const namespace = wanted === "." ? gateway.namespace : wanted;
        return namespace === "*" || namespace === viewer ? [entry.slice(slash + 1).toLowerCase()] : [];
      }),
    );
  }
  const other = resources.neighbours.find((resource) => resource.kind === "Gateway" && is(resource));
  if (other === undefined) {
    return undefined;
  }
  const { listeners } = other.spec as { listeners?: unknown };
  return (Array.isArray(listeners) ? listeners : []).map((listener: { hostname?: unknown } | null) =>
    String(listener?.hostname || "*").toLowerCase(),
  );
}

/** Subsets chosen in the mesh are chosen for the mesh: a rule at the edge for the same host goes by all its endpoints. */
function reportIngress(virtualServices: readonly VirtualService[], view: View): void {
  const bySubset = new Map<string, VirtualService>();
  const full = (host: string, { namespace }: VirtualService) =>
    resolveHost(host, namespace, view.options.domainSuffix);
  for (const virtualService of virtualServices) {
    const hosts = new Set((virtualService.spec.hosts ?? []).map((host) => full(host, virtualService)));
    for (const rule of virtualService.spec.http ?? []) {
      for (const { destination } of rule?.route ?? []) {
        const host = full(destination?.host ?? "", virtualService);
        if (destination?.subset && hosts.has(host)) {
          bySubset.set(host, virtualService);
        }
      }
    }
  }
  for (const virtualService of virtualServices) {
    if (!virtualService.spec.gateways?.some((gateway) => gateway !== MESH)) {
      continue;
    }
    for (const [i, rule] of (virtualService.spec.http ?? []).entries()) {
      for (const [j, part] of (rule?.route ?? []).entries()) {
        if (!part?.destination || part.destination.subset) {
          continue;
        }
        const other = bySubset.get(full(part.destination.host, virtualService));
        if (other === undefined || other === virtualService) {
          continue;
        }
        view.report(
          "SL0429",
          virtualService,
          ["spec", "http", i, "route", j, "destination"],
          `VirtualService ${other.namespace}/${other.name} chooses subsets of this host for the mesh; that has no effect on what comes in here`,
          { help: "Name the subset here, too." },
        );
      }
    }
  }
}

const CLAIM = "@request.auth.claims";

/** A claim is only there when something checks the token. */
function reportClaims(virtualService: VirtualService, view: View): void {
  const { spec, namespace } = virtualService;
  const place = claimPlace(spec);
  if (place === undefined) {
    return;
  }
  const policies = view.resources.neighbours.filter(({ kind }) => kind === "RequestAuthentication");
  for (const written of spec.gateways ?? []) {
    const name = resolveGatewayName(written, namespace);
    const gateway = view.resources.gateways.find((one) => `${one.namespace}/${one.name}` === name);
    if (gateway === undefined) {
      continue;
    }
    const unguarded = podsOf(view, gateway.spec.selector).some(
      (pod) =>
        !policies.some(
          (policy) =>
            (policy.namespace === "istio-system" || policy.namespace === pod.namespace) &&
            selects(matchLabels(policy), pod.labels),
        ),
    );
    if (unguarded) {
      view.report(
        "SL0430",
        virtualService,
        place,
        `no RequestAuthentication selects the Pods of Gateway ${name}, so there are no claims to match`,
      );
    }
  }
}

function claimPlace(spec: VirtualServiceSpec): FieldPath | undefined {
  for (const [i, rule] of (spec.http ?? []).entries()) {
    for (const [j, match] of (rule?.match ?? []).entries()) {
      for (const field of ["headers", "withoutHeaders"] as const) {
        const name = Object.keys(match?.[field] ?? {}).find((key) => key.startsWith(CLAIM));
        if (name !== undefined) {
          return ["spec", "http", i, "match", j, field, name];
        }
      }
    }
  }
  return undefined;
}

function matchLabels({ spec }: Resource<unknown>): Readonly<Record<string, string>> {
  const labels = (spec as { selector?: { matchLabels?: unknown } }).selector?.matchLabels;
  return typeof labels === "object" && labels !== null ? (labels as Record<string, string>) : {};
}

function reportDeprecated(virtualService: VirtualService, view: View): void {
  for (const [i, rule] of (virtualService.spec.http ?? []).entries()) {
    if (rule?.fault?.delay?.percent !== undefined) {
      view.report(
        "SL0433",
        virtualService,
        ["spec", "http", i, "fault", "delay", "percent"],
        "percent is deprecated",
        { help: "Write percentage: {value: …}." },
      );
    }
  }
}
