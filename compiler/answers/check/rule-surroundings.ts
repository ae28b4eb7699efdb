/** VirtualServices with what stands around them: services of several ports, Gateways, one another, who checks tokens. */

import { audienceOf } from "../../front/istio/references/everyone.ts";
import { isInternalGateway, MESH, resolveGatewayName } from "../../front/istio/rules/gateway-names.ts";
import { destinationsOf } from "../../front/resources/destinations.ts";
import type { FieldPath, Resource, VirtualServiceSpec } from "../../front/resources/model.ts";
import { resolveHost } from "../../front/services/host-names.ts";
import { selects } from "../../front/services/labels.ts";
import { podsOf, type View } from "./view.ts";

export type VirtualService = Resource<VirtualServiceSpec>;

export function checkRules(view: View): void {
  const { virtualServices } = view.resources;
  for (const virtualService of virtualServices) {
    reportUnchosenPorts(virtualService, view);
    reportInternalGateways(virtualService, view);
    reportClaims(virtualService, view);
    reportDeprecated(virtualService, view);
  }
  reportIngress(virtualServices, view);
}

/** Where istiod takes the port of the request, which may be one that the service does not have. */
function reportUnchosenPorts(virtualService: VirtualService, view: View): void {
  const { namespace } = virtualService;
  const audience = audienceOf(virtualService);
  for (const { destination, path } of destinationsOf(virtualService)) {
    if (destination.port?.number !== undefined) {
      continue;
    }
    const host = resolveHost(destination.host, namespace, view.options.domainSuffix);
    const seen = audience.map((viewer) => view.services.findCovering(host, viewer));
    if (seen.some((services) => services.length === 0)) {
      continue;
    }
    const ports = seen
      .flat()
      .flatMap((service) => service.ports)
      .filter(({ protocol }) => protocol !== "udp");
    const numbers = [...new Set(ports.map(({ number }) => String(number)))];
    if (numbers.length > 1) {
      view.report(
        "SL0428",
        virtualService,
        [...path, "host"],
        `"${host}" has several ports, so the destination needs a port`,
        { help: `Set port.number to one of ${numbers.join(", ")}.`, lists: [numbers] },
      );
    }
  }
}

function reportInternalGateways(virtualService: VirtualService, view: View): void {
  for (const [index, written] of (virtualService.spec.gateways ?? []).entries()) {
    if (isInternalGateway(written)) {
      view.report(
        "SL0431",
        virtualService,
        ["spec", "gateways", index],
        "istiod generates this Gateway, and its name may change",
        { help: "Name the Gateway from which istiod generates it." },
      );
    }
  }
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
          `VirtualService ${other.namespace}/${other.name} chooses subsets of this host for the mesh; that has no effect on requests to this gateway`,
          { help: "Name the subset here as well." },
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
  const policies = view.resources.requestAuthentications;
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
            selects(policy.spec.selector?.matchLabels, pod.labels),
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

function reportDeprecated(virtualService: VirtualService, view: View): void {
  for (const [i, rule] of (virtualService.spec.http ?? []).entries()) {
    if (rule?.fault?.delay?.percent !== undefined) {
      view.report(
        "SL0433",
        virtualService,
        ["spec", "http", i, "fault", "delay", "percent"],
        "percent is deprecated",
        { help: "Use percentage: {value: …}." },
      );
    }
  }
}
