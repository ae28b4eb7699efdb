/** VirtualServices with what stands around them: services of several ports, Gateways, one another, who checks tokens. */

import { audienceOf } from "../../front/istio/references/everyone.ts";
import { isInternalGateway, MESH, resolveGatewayName } from "../../front/istio/rules/gateway-names.ts";
import { RATE_LIMIT } from "../../front/resources/annotations.ts";
import { firstClaimMatched, limitsByClaim } from "../../front/resources/claims-read.ts";
import { destinationsOf } from "../../front/resources/destinations.ts";
import type { Resource, VirtualServiceSpec } from "../../front/resources/model.ts";
import { resolveHost } from "../../front/services/host-names.ts";
import { selects } from "../../front/services/labels.ts";
import { podsOf, type SelectablePod, type View } from "./view.ts";

export type VirtualService = Resource<VirtualServiceSpec>;

export function checkRules(view: View): void {
  const { virtualServices } = view.resources;
  for (const virtualService of virtualServices) {
    reportUnchosenPorts(virtualService, view);
    reportInternalGateways(virtualService, view);
    reportClaims(virtualService, view);
    reportClaimsOfLimits(virtualService, view);
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

/** A claim is only there when something checks the token. */
function reportClaims(virtualService: VirtualService, view: View): void {
  const place = firstClaimMatched(virtualService.spec);
  if (place === undefined) {
    return;
  }
  for (const gateway of gatewaysOf(virtualService, view)) {
    if (hasUnguarded(podsOf(view, gateway.spec.selector), view)) {
      view.report(
        "SL0430",
        virtualService,
        place,
        `no RequestAuthentication selects the Pods of Gateway ${fullName(gateway)}, so there are no claims to match`,
      );
    }
  }
}

/**
 * The same of a limit by a claim, which is ours: it tells also where no Pods are known, if there is no policy at all, and of a
 * delegate, which is wherever those are that delegate to it.
 */
function reportClaimsOfLimits(virtualService: VirtualService, view: View): void {
  if (!limitsByClaim(virtualService.annotations)) {
    return;
  }
  const report = (why: string) =>
    view.report(
      "SL0430",
      virtualService,
      ["metadata", "annotations", RATE_LIMIT],
      `${why}, so no token is ever verified there, and all requests share the limit by a claim`,
    );
  const isDelegate = !virtualService.spec.hosts?.length;
  const bound = isDelegate ? rootsOf(virtualService, view) : [virtualService];
  for (const gateway of bound.flatMap((one) => gatewaysOf(one, view))) {
    const pods = podsOf(view, gateway.spec.selector);
    if (pods.length > 0 ? hasUnguarded(pods, view) : view.resources.requestAuthentications.length === 0) {
      report(`no RequestAuthentication is for the proxies of Gateway ${fullName(gateway)}`);
    }
  }
  const ofMesh = bound.find(({ spec: { gateways } }) => !gateways?.length || gateways.includes(MESH));
  if (isDelegate && ofMesh !== undefined) {
    report(`VirtualService ${fullName(ofMesh)} has these rules in the mesh`);
  }
}

/** Those that delegate to one. */
function rootsOf({ namespace, name }: VirtualService, { resources }: View): VirtualService[] {
  return resources.virtualServices.filter((root) =>
    root.spec.http?.some(
      (rule) => rule?.delegate?.name === name && (rule.delegate.namespace || root.namespace) === namespace,
    ),
  );
}

function gatewaysOf({ spec, namespace }: VirtualService, { resources }: View) {
  const names = (spec.gateways ?? []).map((written) => resolveGatewayName(written, namespace));
  return names.flatMap((name) => resources.gateways.find((gateway) => fullName(gateway) === name) ?? []);
}

function fullName({ namespace, name }: Resource<unknown>): string {
  return `${namespace}/${name}`;
}

/** Whether nobody verifies tokens at one of some Pods. */
function hasUnguarded(pods: readonly SelectablePod[], { resources }: View): boolean {
  return pods.some(
    (pod) =>
      !resources.requestAuthentications.some(
        (policy) =>
          (policy.namespace === "istio-system" || policy.namespace === pod.namespace) &&
          selects(policy.spec.selector?.matchLabels, pod.labels),
      ),
  );
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
