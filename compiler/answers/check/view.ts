/**
 * The input as a whole, as analysers look at it: whoever the proxy is, what do the resources say of one another? The
 * lowering only knows what one proxy sees.
 */

import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../diagnostics/codes.ts";
import type { Diagnostic, DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { FieldPath, Resource, ResourceSet } from "../../front/resources/model.ts";
import { covers, isWildcard, resolveHost } from "../../front/services/host-names.ts";
import { serviceExportTo } from "../../front/services/kubernetes.ts";
import { type Labels, selects } from "../../front/services/labels.ts";
import { parseProtocol } from "../../front/services/protocol.ts";
import { exposure } from "../../front/services/visibility.ts";
import type { ProxyOptions } from "../../options.ts";
import { nameOf } from "../../source/field-path.ts";

export interface KnownService {
  readonly host: string;
  readonly ports: readonly number[];
  readonly owner: Resource<unknown>;
  readonly exportTo: readonly string[] | undefined;
  /** Of a Kubernetes Service. */
  readonly selector?: Labels;
  /** On the Pods, where they are numbers. */
  readonly targetPorts?: readonly number[];
}

export interface KnownPod {
  readonly namespace: string;
  readonly labels: Labels;
}

export type ReportAt = (
  code: DiagnosticCode,
  resource: Resource<unknown>,
  path: FieldPath,
  message: string,
  more?: Pick<Diagnostic, "help" | "related">,
) => void;

export interface View {
  readonly resources: ResourceSet;
  readonly options: ProxyOptions;
  readonly services: readonly KnownService[];
  /** With that of Istio's own ingress gateway, which nobody keeps in git. */
  readonly pods: readonly KnownPod[];
  readonly report: ReportAt;
  /** The services of a host that a namespace sees, by its exact name first, and else by a wildcard. */
  servicesOf(host: string, namespace: string): readonly KnownService[];
  /** Of the names of all services, for "did you mean". */
  readonly hosts: readonly string[];
}

/** Pods of the ingress gateway that Istio installs. */
export const DEFAULT_GATEWAY_POD: KnownPod = {
  namespace: "istio-system",
  labels: { app: "istio-ingressgateway", istio: "ingressgateway" },
};

/** What was already said of a place is not said again: `said` is asked first and told after. */
export function viewOf(
  resources: ResourceSet,
  options: ProxyOptions,
  said: Set<string>,
  sink: DiagnosticSink,
): View {
  const services = knownServices(resources, options);
  const byHost = new Map<string, KnownService[]>();
  for (const service of services) {
    const known = byHost.get(service.host);
    if (known === undefined) {
      byHost.set(service.host, [service]);
    } else {
      known.push(service);
    }
  }
  const wildcards = services.filter(({ host }) => isWildcard(host));
  const seenFrom = (namespace: string) => (service: KnownService) =>
    exposure(service.exportTo, service.owner.namespace, namespace) !== undefined;
  return {
    resources,
    options,
    services,
    pods: [...resources.pods.map(({ namespace, labels }) => ({ namespace, labels })), DEFAULT_GATEWAY_POD],
    hosts: [...byHost.keys()],
    servicesOf(written, namespace) {
      const host = resolveHost(written, namespace, options.domainSuffix);
      const exact = (byHost.get(host) ?? []).filter(seenFrom(namespace));
      return exact.length > 0
        ? exact
        : wildcards.filter((service) => covers(service.host, host)).filter(seenFrom(namespace));
    },
    report(code, resource, path, message, more = {}) {
      const span = resource.spanOf(path);
      const key = keyOf({ code, span });
      if (said.has(key)) {
        return;
      }
      said.add(key);
      const { level } = DIAGNOSTIC_CODES[code];
      sink.report({ code, level, message: `${nameOf(path)}: ${message}`, span, ...more });
    },
  };
}

export function keyOf({ code, span }: Pick<Diagnostic, "code" | "span">): string {
  return `${code} ${span?.file.path} ${span?.start}`;
}

function knownServices(
  { services, serviceEntries }: ResourceSet,
  { domainSuffix }: ProxyOptions,
): KnownService[] {
  return [
    ...services.map((owner) => ({
      host: `${owner.name}.${owner.namespace}.svc.${domainSuffix}`,
      ports: (owner.spec.ports ?? [])
        .filter(({ protocol = "TCP" }) => protocol !== "UDP" && protocol !== "SCTP")
        .map(({ port }) => port),
      owner,
      exportTo: serviceExportTo(owner),
      selector: owner.spec.selector ?? {},
      targetPorts: (owner.spec.ports ?? []).flatMap(({ targetPort }) =>
        typeof targetPort === "number" ? [targetPort] : [],
      ),
    })),
    ...serviceEntries.flatMap((owner) =>
      (owner.spec.hosts ?? []).map((host) => ({
        host: host.toLowerCase(),
        ports: (owner.spec.ports ?? [])
          .filter(({ protocol }) => parseProtocol(protocol) !== "udp")
          .map(({ number }) => number),
        owner,
        exportTo: owner.spec.exportTo,
      })),
    ),
  ];
}

/** No label at all selects every Pod here, as in a Gateway. */
export function podsOf({ pods }: View, selector: Labels | undefined): KnownPod[] {
  return pods.filter(({ labels }) => selects(selector, labels));
}
