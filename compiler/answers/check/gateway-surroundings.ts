/** Gateways among themselves, and with the Pods, Services and Secrets that stand behind them. */

import { X509Certificate } from "node:crypto";
import type { GatewaySpec, Resource, Server, ServiceSpec } from "../../front/resources/model.ts";
import { type Labels, selects } from "../../front/services/labels.ts";
import { DEFAULT_GATEWAY_POD, podsOf, type View } from "./view.ts";

type Gateway = Resource<GatewaySpec>;

export function checkGateways(view: View): void {
  const { gateways } = view.resources;
  reportConflicts(gateways, view);
  reportSharedCertificates(gateways, view);
  for (const gateway of gateways) {
    reportPorts(gateway, view);
    reportSecrets(gateway, view);
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
      const names = services.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
      view.report("SL0426", gateway, path, `no Service of these Pods has the port ${port.number}`, {
        help: names === "" ? "No Service selects them." : `Add it to ${names}.`,
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

/** Only where the input has secrets at all: they are seldom kept beside rules. */
function reportSecrets(gateway: Gateway, view: View): void {
  const { secrets } = view.resources;
  if (secrets.length === 0) {
    return;
  }
  const namespace = secretNamespace(gateway.spec.selector, view);
  if (namespace === undefined) {
    return;
  }
  for (const [index, { tls }] of (gateway.spec.servers ?? []).entries()) {
    const name = tls?.credentialName;
    if (!name) {
      continue;
    }
    const path = ["spec", "servers", index, "tls", "credentialName"];
    const secret = secrets.find((candidate) => candidate.name === name && candidate.namespace === namespace);
    if (secret === undefined) {
      view.report("SL0425", gateway, path, `unknown Secret ${namespace}/${name}`, {
        help: "It must be in the namespace of the Pods that the Gateway selects.",
      });
      continue;
    }
    const flaw = flawOfSecret(secret, view.now);
    if (flaw !== undefined) {
      view.report("SL0424", gateway, path, `Secret ${namespace}/${name} ${flaw}`, {
        related: [{ message: "the Secret", span: secret.span }],
      });
    }
  }
}

function secretNamespace(selector: Labels | undefined, view: View): string | undefined {
  return podsOf(view, selector)[0]?.namespace;
}

const KEYS: readonly (readonly [certificate: string, key: string])[] = [
  ["tls.crt", "tls.key"],
  ["cert", "key"],
];

/** Why no server could use it; `undefined` when one could. */
function flawOfSecret({ document }: Resource<unknown>, now: Date): string | undefined {
  const { data = {}, stringData = {} } = (document ?? {}) as { data?: unknown; stringData?: unknown };
  const value = (key: string): string | undefined => {
    const plain = (stringData as Record<string, unknown> | null)?.[key];
    const encoded = (data as Record<string, unknown> | null)?.[key];
    if (typeof plain === "string") {
      return plain;
    }
    return typeof encoded === "string" ? Buffer.from(encoded, "base64").toString("latin1") : undefined;
  };
  const pair = KEYS.find(
    ([certificate, key]) => value(certificate) !== undefined && value(key) !== undefined,
  );
  if (pair === undefined) {
    return "has no tls.crt and tls.key";
  }
  try {
    const { validTo, validFrom } = new X509Certificate(value(pair[0])!);
    if (Date.parse(validTo) < now.getTime()) {
      return `has a certificate that expired on ${validTo}`;
    }
    if (Date.parse(validFrom) > now.getTime()) {
      return `has a certificate that is not valid before ${validFrom}`;
    }
    return undefined;
  } catch {
    return `has a ${pair[0]} that is not a valid certificate`;
  }
}
