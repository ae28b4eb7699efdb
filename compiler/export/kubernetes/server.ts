/**
 * The server of a fleet in Kubernetes.
 *
 * With its rules in files it asks the cluster for nothing, so its account has no rights. While it is away, its proxies go on with what
 * they have, so it is replaced by stopping it first: its state is on a volume that one Pod has at a time.
 *
 * With its rules in the cluster there are two, and a Lease says which of them decides. What one has decided the cluster and the other
 * one know, so that no volume is shared.
 */

import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { type FileMap, projected } from "./config-maps.ts";
import {
  acrossNodes,
  asUser,
  disruptionBudget,
  MOUNTED_MODE,
  type Mount,
  secretMount,
  volumeMounts,
  volumes,
  WITHOUT_PRIVILEGES,
  type Workload,
} from "./manifest.ts";
import type { Resources, Setting } from "./manifests.ts";
import { proxyFlags } from "./proxy-flags.ts";

export interface FleetServer {
  readonly server: Workload;
  readonly image: string;
  /** What holds for a proxy that does not say otherwise. */
  readonly proxy: ProxyOptions;
  /** Where its rules are, as arguments of `sluice serve`. */
  readonly rules: readonly string[];
  /** Whether that is the cluster itself. */
  readonly isOfCluster: boolean;
  /** Who may claim what. */
  readonly clients: FileMap;
  readonly mounts: readonly Mount[];
}

export const ADS_PORT = 15_010;
export const HTTP_PORT = 15_014;
export const WEBHOOK_PORT = 15_017;
/** Of the Service: the one that an API server asks unless told. */
export const WEBHOOK_SERVICE_PORT = 443;
export const TLS_FOLDER = "/etc/sluice-tls";
export const CLIENTS_FILE = "clients.yaml";
const CLIENTS_FOLDER = "/etc/sluice-clients";
const TOKEN_FOLDER = "/etc/sluice-token";
const STATE_FOLDER = "/var/lib/sluice";
/** That of the image. */
const USER = 65_532;
/** Requests of the API end, and proxies are told to come back. */
const STOP_SECONDS = 10;

/** By the names of their files. */
export function fleetServer(options: FleetServer): Resources {
  const { server, isOfCluster } = options;
  const { name, labels, selector } = server;
  const metadata = { name, labels };
  return {
    "server-service-account.yaml": {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata,
      automountServiceAccountToken: false,
    },
    ...(!isOfCluster && {
      "server-state.yaml": {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: `${name}-state`, labels },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      },
    }),
    "server-deployment.yaml": deployment(options),
    "server-service.yaml": {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        selector,
        ports: [
          { name: "grpc-ads", port: ADS_PORT, targetPort: "ads" },
          { name: "https-api", port: HTTP_PORT, targetPort: "http" },
          ...(isOfCluster
            ? [{ name: "https-webhook", port: WEBHOOK_SERVICE_PORT, targetPort: "webhook" }]
            : []),
        ],
      },
    },
    "server-pod-disruption-budget.yaml": disruptionBudget(server),
  };
}

/** What is another one in each cluster. */
export const SERVER_SETTINGS: readonly Setting[] = [
  setting("server.image", "containers", 0, "image"),
  setting("server.resources", "containers", 0, "resources"),
];

function setting(value: string, ...field: (string | number)[]): Setting {
  return { value, file: "server-deployment.yaml", field: ["spec", "template", "spec", ...field] };
}

function deployment(options: FleetServer): object {
  const { server, image, isOfCluster } = options;
  const { name, labels, selector } = server;
  const all = mountsOf(options);
  const ask = (path: string) => ({ httpGet: { path, port: "http", scheme: "HTTPS" } });
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      ...(isOfCluster
        ? {
            replicas: 2,
            selector: { matchLabels: selector },
            strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
          }
        : { replicas: 1, selector: { matchLabels: selector }, strategy: { type: "Recreate" } }),
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: isOfCluster,
          terminationGracePeriodSeconds: STOP_SECONDS,
          securityContext: { ...asUser(USER), fsGroupChangePolicy: "OnRootMismatch" },
          ...(isOfCluster && { topologySpreadConstraints: acrossNodes(server) }),
          containers: [
            {
              name: "server",
              image,
              args: argumentsOf(options),
              ...(isOfCluster && {
                env: [
                  { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
                  { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
                ],
              }),
              ports: [
                { name: "ads", containerPort: ADS_PORT },
                { name: "http", containerPort: HTTP_PORT },
                ...(isOfCluster ? [{ name: "webhook", containerPort: WEBHOOK_PORT }] : []),
              ],
              startupProbe: { ...ask("/healthz"), periodSeconds: 2, failureThreshold: 60, timeoutSeconds: 2 },
              readinessProbe: { ...ask("/readyz"), periodSeconds: 5, timeoutSeconds: 2 },
              livenessProbe: {
                ...ask("/healthz"),
                periodSeconds: 10,
                failureThreshold: 6,
                timeoutSeconds: 5,
              },
              resources: { requests: { cpu: "250m", memory: "256Mi" }, limits: { memory: "2Gi" } },
              securityContext: WITHOUT_PRIVILEGES,
              volumeMounts: volumeMounts(all),
            },
          ],
          volumes: volumes(all),
        },
      },
    },
  };
}

function mountsOf({ server: { name }, clients, mounts, isOfCluster }: FleetServer): Mount[] {
  return [
    ...mounts,
    secretMount("tls", TLS_FOLDER, `${name}-tls`),
    secretMount("token", TOKEN_FOLDER, `${name}-token`),
    { name: "clients", at: CLIENTS_FOLDER, source: projected([clients], MOUNTED_MODE) },
    {
      name: "state",
      at: STATE_FOLDER,
      writable: true,
      source: isOfCluster
        ? { emptyDir: { sizeLimit: "1Gi" } }
        : { persistentVolumeClaim: { claimName: `${name}-state` } },
    },
    { name: "tmp", at: "/tmp", writable: true, source: { emptyDir: { sizeLimit: "256Mi" } } },
  ];
}

function argumentsOf({ server: { name }, proxy, rules, isOfCluster }: FleetServer): string[] {
  return [
    "serve",
    ...rules,
    ...["--listen", `0.0.0.0:${ADS_PORT}`, "--http", `0.0.0.0:${HTTP_PORT}`],
    ...["--state", `${STATE_FOLDER}/state`],
    ...["--tls-cert", `${TLS_FOLDER}/tls.crt`, "--tls-key", `${TLS_FOLDER}/tls.key`],
    ...["--tls-client-ca", `${TLS_FOLDER}/ca.crt`],
    ...["--clients", `${CLIENTS_FOLDER}/${CLIENTS_FILE}`],
    ...["--http-token-file", `${TOKEN_FOLDER}/token`, "--http-name", name],
    ...(isOfCluster
      ? [
          ...["--lease", `$(POD_NAMESPACE)/${name}`, "--advertise", `$(POD_IP):${ADS_PORT}`],
          ...["--webhook", `0.0.0.0:${WEBHOOK_PORT}`],
        ]
      : []),
    // The image has no Envoy that could take a change before the others do.
    ...["--waves", "1,5%,25%,all"],
    ...proxyFlags(ofServer(proxy)),
  ];
}

/** How an Envoy is started is for its own bootstrap to say. */
function ofServer(proxy: ProxyOptions): ProxyOptions {
  const { adminSocket, adminPort, readyPort, metricsPort, concurrency } = DEFAULT_PROXY_OPTIONS;
  return { ...proxy, adminSocket, adminPort, readyPort, metricsPort, concurrency };
}
