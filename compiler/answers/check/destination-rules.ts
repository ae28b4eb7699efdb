/** DestinationRules with the services and Pods that they speak of. */

import type { DestinationRuleSpec, FieldPath, Resource, TrafficPolicy } from "../../front/resources/model.ts";
import { covers, resolveHost } from "../../front/services/host-names.ts";
import { formatLabels, type Labels, selects } from "../../front/services/labels.ts";
import type { Registry } from "../../front/services/registry.ts";
import type { KnownService, View } from "./view.ts";

type DestinationRule = Resource<DestinationRuleSpec>;

export function analyseDestinationRules(view: View, registry: Registry): void {
  for (const rule of view.resources.destinationRules) {
    reportHost(rule, view);
    reportEmptySubsets(rule, view, registry);
    reportUnverified(rule, rule.spec.trafficPolicy, ["spec", "trafficPolicy"], view);
    for (const [i, subset] of (rule.spec.subsets ?? []).entries()) {
      reportUnverified(rule, subset.trafficPolicy, ["spec", "subsets", i, "trafficPolicy"], view);
    }
  }
}

function reportHost(rule: DestinationRule, view: View): void {
  const { namespace, spec } = rule;
  if (view.servicesOf(spec.host, namespace).length > 0) {
    return;
  }
  const host = resolveHost(spec.host, namespace, view.options.domainSuffix);
  if (view.services.some((service) => covers(host, service.host))) {
    return;
  }
  view.report("SL0406", rule, ["spec", "host"], `no service has the host "${host}"; this rule has no effect`);
}

/** Not of hosts whose addresses are only known when somebody asks for them. */
function reportEmptySubsets(rule: DestinationRule, view: View, registry: Registry): void {
  const { namespace, spec } = rule;
  const services = view.servicesOf(spec.host, namespace);
  if (services.length === 0 || services.some((service) => isOpen(service, registry))) {
    return;
  }
  for (const [i, { name, labels = {} }] of (spec.subsets ?? []).entries()) {
    if (Object.keys(labels).length === 0) {
      continue;
    }
    const found = services.some(
      ({ owner, selector, host }) =>
        hasEndpoint(registry, host, labels) ||
        (selector !== undefined &&
          Object.keys(selector).length > 0 &&
          view.resources.pods.some(
            (pod) =>
              pod.namespace === owner.namespace &&
              selects(selector, pod.labels) &&
              selects(labels, labelsWithNode(pod, view)),
          )),
    );
    if (found && !hasEmptyTopology(labels)) {
      continue;
    }
    view.report(
      "SL0409",
      rule,
      ["spec", "subsets", i, "labels"],
      `no endpoint of the service has the labels of subset "${name}", ${formatLabels(labels)}`,
    );
  }
}

/** Subsets of such a ServiceEntry go wherever the request goes. */
function isOpen({ selector, host }: KnownService, registry: Registry): boolean {
  const discovery = selector === undefined ? registry.get(host)?.discovery : "eds";
  return discovery === undefined || discovery === "originalDestination" || discovery === "byAuthority";
}

const TOPOLOGY = "topology.";

/** A region, say, that is empty is no region. */
function hasEmptyTopology(labels: Labels): boolean {
  return Object.entries(labels).some(([key, value]) => key.startsWith(TOPOLOGY) && value === "");
}

/** A Pod's own, and those of its node which tell where it stands. */
function labelsWithNode(pod: View["resources"]["pods"][number], { resources }: View): Labels {
  const node = resources.nodes.find(({ name }) => name === pod.spec.spec?.nodeName);
  const place = Object.entries(node?.labels ?? {}).filter(([key]) => key.startsWith(TOPOLOGY));
  return { ...Object.fromEntries(place), ...pod.labels };
}

function hasEndpoint(registry: Registry, host: string, labels: Labels): boolean {
  const service = registry.get(host);
  if (service === undefined) {
    return false;
  }
  return [...service.endpoints.values()].flat().some((endpoint) => selects(labels, endpoint.labels));
}

/** TLS that believes every server. */
function reportUnverified(
  rule: DestinationRule,
  policy: TrafficPolicy | undefined,
  path: FieldPath,
  view: View,
): void {
  const selected = rule.spec.workloadSelector !== undefined;
  const unverified = (tls: TrafficPolicy["tls"]): boolean =>
    (tls?.mode === "SIMPLE" || tls?.mode === "MUTUAL") &&
    !tls.caCertificates &&
    !(tls.credentialName && selected);
  const message = "the server's certificate is not verified";
  const help = "Give caCertificates, or, with a workloadSelector, a credentialName.";
  if (unverified(policy?.tls)) {
    view.report("SL0421", rule, [...path, "tls"], message, { help });
  }
  for (const [i, port] of (policy?.portLevelSettings ?? []).entries()) {
    if (unverified(port?.tls)) {
      view.report("SL0422", rule, [...path, "portLevelSettings", i, "tls"], message, { help });
    }
  }
}
