/** Gateways among themselves, and with the Pods and Services that stand behind them. */

import type { GatewaySpec, Resource, Server, ServiceSpec } from "../../front/resources/model.ts";
import { selects } from "../../front/services/labels.ts";
import { DEFAULT_GATEWAY_POD, podsOf, type View } from "./view.ts";

type Gateway = Resource<GatewaySpec>;

export function checkGateways(view: View): void {
  const { gateways } = view.resources;
  reportConflicts(gateways, view);
  reportSharedCertificates(gateways, view);
  for (const gateway of gateways) {
    reportPorts(gateway, view);
  }
}

const nameOfGateway = ({ namespace, name }: Gateway) => `${namespace}/${name}`;

interface PlacedServer {
  readonly gateway: Gateway;
  readonly server: Server;
  readonly index: number;
}

/** Two Gateways of the same Pods, on one port, with one host: which of them rules is nobody's choice. */
function reportConflicts(gateways: readonly Gateway[], view: View): void {
  const byPlace = new Map<string, PlacedServer[]>();
  for (const gateway of gateways) {
    for (const [index, server] of (gateway.spec.servers ?? []).entries()) {
      for (const host of new Set(server.hosts)) {
        const key = JSON.stringify([server.port.number, server.bind ?? "", host]);
        const known = byPlace.get(key);
        if (known === undefined) {
          byPlace.set(key, [{ gateway, server, index }]);
        } else {
          known.push({ gateway, server, index });
        }
      }
    }
  }
  for (const servers of byPlace.values()) {
    for (const one of servers) {
      const other = servers.find(
        ({ gateway }) => gateway !== one.gateway && serveTheSame(one.gateway, gateway, view),
      );
      if (other === undefined) {
        continue;
      }
      view.report(
        "SL0420",
        one.gateway,
        ["spec", "servers", one.index],
        `Gateway ${nameOfGateway(other.gateway)} also serves a host of this server on port ${one.server.port.number}`,
        {
          related: [
            { message: "the other one", span: other.gateway.spanOf(["spec", "servers", other.index]) },
          ],
          help: "Put the server into one Gateway, or give the two different hosts, ports or selectors.",
        },
      );
    }
  }
}

/** The same selector; or one that narrows the other, with a Pod that both select. */
function serveTheSame(a: Gateway, b: Gateway, view: View): boolean {
  const [first, second] = [a.spec.selector ?? {}, b.spec.selector ?? {}];
  if (selects(first, second) && selects(second, first)) {
    return true;
  }
  if (!selects(first, second) && !selects(second, first)) {
    return false;
  }
  return podsOf(view, { ...first, ...second }).length > 0;
}

function reportSharedCertificates(gateways: readonly Gateway[], view: View): void {
  for (const gateway of gateways) {
    for (const [index, { tls }] of (gateway.spec.servers ?? []).entries()) {
      const certificate = certificateOf(tls);
      if (certificate === undefined) {
        continue;
      }
      const other = gateways.find(
        (candidate) =>
          candidate !== gateway &&
          selects(gateway.spec.selector, candidate.spec.selector ?? {}) &&
          candidate.spec.servers?.some((server) => certificateOf(server.tls) === certificate),
      );
      if (other === undefined) {
        continue;
      }
      view.report(
        "SL0423",
        gateway,
        ["spec", "servers", index, "tls"],
        `Gateway ${nameOfGateway(other)} has the same certificate; browsers then reuse one connection for both, and get a 404`,
        { help: "Put all servers with the same certificate into one Gateway." },
      );
    }
  }
}

function certificateOf(tls: Server["tls"]): string | undefined {
  if (tls?.credentialName) {
    return `secret ${tls.credentialName}`;
  }
  return tls?.serverCertificate && tls.privateKey
    ? `files ${tls.serverCertificate} ${tls.privateKey}`
    : undefined;
}

/** Ports of the Service before Istio's own ingress gateway. */
const DEFAULT_GATEWAY_PORTS = [80, 443, 15021, 15443, 31400];

const DEFAULT_SELECTOR = { istio: "ingressgateway" };

/** A port that no Service before the Pods has is not reached from elsewhere. */
function reportPorts(gateway: Gateway, view: View): void {
  const pods = podsOf(view, gateway.spec.selector);
  const services = view.resources.services.filter(({ namespace, spec }) =>
    pods.some((pod) => pod.namespace === namespace && selects(spec.selector, pod.labels)),
  );
  const isDefault = pods.some(
    ({ namespace, labels }) =>
      namespace === DEFAULT_GATEWAY_POD.namespace && selects(DEFAULT_SELECTOR, labels),
  );
  if (services.length === 0 && pods.length === 0) {
    return;
  }
  const open = new Set([...services.flatMap(openPorts), ...(isDefault ? DEFAULT_GATEWAY_PORTS : [])]);
  for (const [index, { port }] of (gateway.spec.servers ?? []).entries()) {
    if (open.has(port.number)) {
      continue;
    }
    const path = ["spec", "servers", index, "port", "number"];
    if (services.length > 0 || !isDefault) {
      const names = services.map(({ namespace, name }) => `${namespace}/${name}`);
      view.report("SL0426", gateway, path, `no Service of these Pods has the port ${port.number}`, {
        help: names.length === 0 ? "No Service selects them." : `Add it to ${names.join(", ")}.`,
        lists: [names],
      });
    } else {
      view.report(
        "SL0427",
        gateway,
        path,
        `the Service that Istio installs before its ingress gateway does not have the port ${port.number}`,
        {
          help: `It has ${DEFAULT_GATEWAY_PORTS.join(", ")}. A proxy that Sluice runs does not need the Service.`,
        },
      );
    }
  }
}

/** Its own, and on the Pods where those are numbers. */
function openPorts({ spec }: Resource<ServiceSpec>): number[] {
  return (spec.ports ?? []).flatMap(({ port, targetPort, protocol = "TCP" }) => [
    ...(protocol === "UDP" || protocol === "SCTP" ? [] : [port]),
    ...(typeof targetPort === "number" ? [targetPort] : []),
  ]);
}
