/**
 * The server of a fleet in Kubernetes. It asks the cluster for nothing, so its account has no rights; what it needs is in files.
 * While it is away, its proxies go on with what they have, so it is replaced by stopping it first: its state is on a volume that
 * one Pod has at a time.
 */

import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { type FileMap, projected } from "./config-maps.ts";
import {
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
import { proxyFlags } from "./proxy-flags.ts";

export interface FleetServer {
  readonly server: Workload;
  readonly image: string;
  /** What holds for a proxy that does not say otherwise. */
  readonly proxy: ProxyOptions;
  /** The path of the rules, which `mounts` bring, or the image. */
  readonly rules: string;
  /** Who may claim what. */
  readonly clients: FileMap;
  readonly mounts: readonly Mount[];
}

export const ADS_PORT = 15_010;
const HTTP_PORT = 15_014;
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
export function fleetServer(options: FleetServer): Readonly<Record<string, object>> {
  const { server } = options;
  const { name, labels, selector } = server;
  const metadata = { name, labels };
  return {
    "server-service-account.yaml": {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata,
      automountServiceAccountToken: false,
    },
    "server-state.yaml": {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: `${name}-state`, labels },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
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
        ],
      },
    },
    "server-pod-disruption-budget.yaml": disruptionBudget(server),
  };
}

function deployment({ server, image, proxy, rules, clients, mounts }: FleetServer): object {
  const { name, labels, selector } = server;
  const all: Mount[] = [
    ...mounts,
    secretMount("tls", TLS_FOLDER, `${name}-tls`),
    secretMount("token", TOKEN_FOLDER, `${name}-token`),
    { name: "clients", at: CLIENTS_FOLDER, source: projected([clients], MOUNTED_MODE) },
    {
      name: "state",
      at: STATE_FOLDER,
      writable: true,
      source: { persistentVolumeClaim: { claimName: `${name}-state` } },
    },
    { name: "tmp", at: "/tmp", writable: true, source: { emptyDir: { sizeLimit: "256Mi" } } },
  ];
  const ask = (path: string) => ({ httpGet: { path, port: "http", scheme: "HTTPS" } });
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: selector },
      strategy: { type: "Recreate" },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: STOP_SECONDS,
          securityContext: { ...asUser(USER), fsGroupChangePolicy: "OnRootMismatch" },
          containers: [
            {
              name: "server",
              image,
              args: [
                "serve",
                rules,
                ...["--listen", `0.0.0.0:${ADS_PORT}`, "--http", `0.0.0.0:${HTTP_PORT}`],
                ...["--state", `${STATE_FOLDER}/state`],
                ...["--tls-cert", `${TLS_FOLDER}/tls.crt`, "--tls-key", `${TLS_FOLDER}/tls.key`],
                ...["--tls-client-ca", `${TLS_FOLDER}/ca.crt`],
                ...["--clients", `${CLIENTS_FOLDER}/${CLIENTS_FILE}`],
                ...["--http-token-file", `${TOKEN_FOLDER}/token`, "--http-name", name],
                // The image has no Envoy that could take a change before the others do.
                ...["--waves", "1,5%,25%,all"],
                ...proxyFlags(ofServer(proxy)),
              ],
              ports: [
                { name: "ads", containerPort: ADS_PORT },
                { name: "http", containerPort: HTTP_PORT },
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

/** How an Envoy is started is for its own bootstrap to say. */
function ofServer(proxy: ProxyOptions): ProxyOptions {
  const { adminSocket, adminPort, readyPort, concurrency } = DEFAULT_PROXY_OPTIONS;
  return { ...proxy, adminSocket, adminPort, readyPort, concurrency };
}
