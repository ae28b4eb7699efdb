/** What stands beside a server in a cluster: who reaches it, who asks it whether objects may be applied, who measures it. */

import { byGroup, RULE_TYPES } from "../../kubernetes/client/resource-types.ts";
import type { Workload } from "./manifest.ts";

/** What the API server does with an object when the webhook cannot be asked. */
export type FailurePolicy = "Ignore" | "Fail";

export interface AdmissionOptions {
  readonly server: Workload;
  readonly namespace: string;
  readonly port: number;
  readonly failurePolicy: FailurePolicy;
  /** PEM. Absent: cert-manager writes it. */
  readonly authority?: string;
  /** Whose objects are reviewed; absent: those of all namespaces. */
  readonly namespaces?: readonly string[];
}

/** A namespace with this label is left alone by the webhook. */
const LEAVE_ALONE = "sluice.dev/admission";

/**
 * Services are only asked about with `Ignore`, whatever holds for rules: a cluster must be able to change them while this server is away.
 */
export function admissionConfiguration(options: AdmissionOptions): object {
  const { server, namespace, port, failurePolicy, authority, namespaces } = options;
  const own = `${server.name}.${namespace}`;
  const webhook = (name: string, rules: readonly object[], policy: FailurePolicy) => ({
    name,
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    matchPolicy: "Equivalent",
    timeoutSeconds: 5,
    failurePolicy: policy,
    clientConfig: {
      service: { name: server.name, namespace, port, path: "/validate" },
      ...(authority !== undefined && { caBundle: Buffer.from(authority).toString("base64") }),
    },
    namespaceSelector: {
      matchExpressions: [
        { key: LEAVE_ALONE, operator: "NotIn", values: ["disabled"] },
        ...(namespaces === undefined
          ? []
          : [{ key: "kubernetes.io/metadata.name", operator: "In", values: namespaces }]),
      ],
    },
    rules,
  });
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: {
      name: own,
      labels: server.labels,
      ...(authority === undefined && {
        annotations: { "cert-manager.io/inject-ca-from": `${namespace}/${server.name}` },
      }),
    },
    webhooks: [
      webhook(
        "rules.sluice.dev",
        [...byGroup(RULE_TYPES)].map(([group, types]) => ({
          apiGroups: [group],
          apiVersions: ["*"],
          operations: ["CREATE", "UPDATE", "DELETE"],
          resources: types.map(({ plural }) => plural),
          scope: "Namespaced",
        })),
        failurePolicy,
      ),
      webhook(
        "services.sluice.dev",
        [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["UPDATE", "DELETE"],
            resources: ["services"],
            scope: "Namespaced",
          },
        ],
        "Ignore",
      ),
    ],
  };
}

/** Container ports, by who may ask there. */
export interface GuardedPorts {
  readonly ads: number;
  readonly http: number;
  readonly webhook: number;
}

/**
 * Proxies and the other server reach the streams; Pods of the cluster ask over HTTP, where a token is needed; an API server, which is
 * no Pod, asks the webhook. What goes out is left open: nobody knows at which address and port a cluster's API server is.
 */
export function networkPolicy(server: Workload, proxies: Workload, ports: GuardedPorts): object {
  const tcp = (port: number) => ({ protocol: "TCP", port });
  const pods = ({ selector }: Workload) => ({ podSelector: { matchLabels: selector } });
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: server.name, labels: server.labels },
    spec: {
      podSelector: { matchLabels: server.selector },
      policyTypes: ["Ingress"],
      ingress: [
        { from: [pods(proxies), pods(server)], ports: [tcp(ports.ads)] },
        { from: [{ namespaceSelector: {} }], ports: [tcp(ports.http)] },
        { ports: [tcp(ports.webhook)] },
      ],
    },
  };
}

/** For the Prometheus Operator. */
export function serviceMonitor(server: Workload): object {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { name: server.name, labels: server.labels },
    spec: {
      selector: { matchLabels: server.selector },
      endpoints: [
        {
          port: "https-api",
          path: "/metrics",
          scheme: "https",
          interval: "15s",
          authorization: { credentials: { name: `${server.name}-token`, key: "token" } },
          tlsConfig: {
            serverName: server.name,
            ca: { secret: { name: `${server.name}-tls`, key: "ca.crt" } },
          },
        },
      ],
    },
  };
}

/** For cert-manager: an authority of this fleet alone, and the two certificates that it needs. */
export function certificates(
  server: Workload,
  proxies: Workload,
  namespace: string,
): Readonly<Record<string, object>> {
  const { labels } = server;
  const authority = `${server.name}-ca`;
  const issuer = (name: string, spec: object) => ({
    apiVersion: "cert-manager.io/v1",
    kind: "Issuer",
    metadata: { name, labels },
    spec,
  });
  const certificate = (name: string, secretName: string, issuerName: string, spec: object) => ({
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name, labels },
    spec: {
      secretName,
      privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
      issuerRef: { name: issuerName, kind: "Issuer" },
      ...spec,
    },
  });
  return {
    "issuer-self-signed.yaml": issuer(`${server.name}-self-signed`, { selfSigned: {} }),
    "certificate-authority.yaml": certificate(authority, authority, `${server.name}-self-signed`, {
      isCA: true,
      commonName: authority,
    }),
    "issuer.yaml": issuer(server.name, { ca: { secretName: authority } }),
    "certificate-server.yaml": certificate(server.name, `${server.name}-tls`, server.name, {
      dnsNames: [server.name, `${server.name}.${namespace}.svc`],
      usages: ["server auth", "client auth"],
    }),
    "certificate-proxies.yaml": certificate(proxies.name, `${proxies.name}-tls`, server.name, {
      commonName: proxies.name,
      dnsNames: [proxies.name],
      usages: ["client auth"],
    }),
  };
}
