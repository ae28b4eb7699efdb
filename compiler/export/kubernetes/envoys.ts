/** Pods of Envoy: when they are ready, how they end, how many there are. */

import type { Socket } from "../../ir/sockets.ts";
import type { ProxyOptions } from "../../options.ts";
import {
  acrossNodes,
  asUser,
  type Mount,
  volumeMounts,
  volumes,
  WITHOUT_PRIVILEGES,
  type Workload,
} from "./manifest.ts";
import { inNamespace, type Resources, type Setting } from "./manifests.ts";

export interface EnvoyPods {
  readonly workload: Workload;
  readonly image: string;
  /** Where the container has its bootstrap. */
  readonly bootstrap: string;
  /** More arguments of Envoy. */
  readonly args?: readonly string[];
  readonly env?: readonly object[];
  readonly sockets: readonly Socket[];
  readonly mounts: readonly Mount[];
  /** `readyPort` is what probes ask, `metricsPort` what Prometheus asks, and `adminPort` what drains. */
  readonly proxy: Pick<ProxyOptions, "adminPort" | "readyPort" | "metricsPort" | "memoryLimit">;
}

/** What is another one in each cluster. */
export const ENVOY_SETTINGS: readonly Setting[] = [
  {
    value: "envoy.image",
    file: "deployment.yaml",
    field: ["spec", "template", "spec", "containers", 0, "image"],
  },
  {
    value: "envoy.resources",
    file: "deployment.yaml",
    field: ["spec", "template", "spec", "containers", 0, "resources"],
  },
  {
    value: "autoscaling.minReplicas",
    file: "horizontal-pod-autoscaler.yaml",
    field: ["spec", "minReplicas"],
  },
  {
    value: "autoscaling.maxReplicas",
    file: "horizontal-pod-autoscaler.yaml",
    field: ["spec", "maxReplicas"],
  },
  { value: "service.type", file: "service.yaml", field: ["spec", "type"] },
];

const ENVOY_USER = 101;
/** The name of the port that probes ask. */
const READY = "ready";
/** The same of the port that Prometheus asks. */
const METRICS = "metrics";
const FIRST_UNPRIVILEGED_PORT = 1024;
const REPLICAS = { least: 2, most: 10 };
/** Connections that are there end within it. */
const DRAIN_SECONDS = 15;
const MIB = 1024 ** 2;

export function envoyDeployment({ workload, image, sockets, mounts, proxy, ...own }: EnvoyPods) {
  const { name, labels, selector } = workload;
  const privileged = sockets.some(({ port }) => port < FIRST_UNPRIVILEGED_PORT);
  const isReady = { httpGet: { path: "/ready", port: READY } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      // The autoscaler says how many.
      selector: { matchLabels: selector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels, ...scrapedByAnnotation(proxy.metricsPort) },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: DRAIN_SECONDS * 2,
          securityContext: {
            ...asUser(ENVOY_USER),
            ...(privileged && { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] }),
          },
          topologySpreadConstraints: acrossNodes(workload),
          containers: [
            {
              name: "envoy",
              image,
              command: ["envoy"],
              args: [
                "--config-path",
                own.bootstrap,
                "--disable-hot-restart",
                "--log-level",
                "warning",
                "--skip-deprecated-logs",
                // Every response of a Pod that ends closes its connection, not one in forty: Envoy's own time is 600 s.
                "--drain-strategy",
                "immediate",
                "--drain-time-s",
                String(DRAIN_SECONDS),
                ...(own.args ?? []),
              ],
              ...(own.env !== undefined && { env: own.env }),
              ports: [
                ...sockets.map(({ port }) => ({ name: `port-${port}`, containerPort: port })),
                { name: READY, containerPort: proxy.readyPort },
                ...(proxy.metricsPort === 0 ? [] : [{ name: METRICS, containerPort: proxy.metricsPort }]),
              ],
              startupProbe: { ...isReady, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
              readinessProbe: { ...isReady, periodSeconds: 5, timeoutSeconds: 2 },
              livenessProbe: { ...isReady, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 2 },
              lifecycle: { preStop: drain(proxy.adminPort) },
              resources: { requests: { cpu: "250m", memory: "128Mi" }, limits: { memory: memoryOf(proxy) } },
              securityContext: WITHOUT_PRIVILEGES,
              volumeMounts: volumeMounts(mounts),
            },
          ],
          volumes: volumes(mounts),
        },
      },
    },
  };
}

/** A heap is not all that a process has: Envoy must have answered 503 for a while before the kernel ends it. */
function memoryOf({ memoryLimit }: Pick<ProxyOptions, "memoryLimit">): string {
  return memoryLimit === 0 ? "1Gi" : `${Math.ceil(((memoryLimit / MIB) * 4) / 3)}Mi`;
}

export function autoscaler({ name, labels }: Workload) {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, labels },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: REPLICAS.least,
      maxReplicas: REPLICAS.most,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } },
        },
      ],
    },
  };
}

/** By which a Prometheus that looks for Pods, as most are set up, finds these. */
function scrapedByAnnotation(port: number) {
  return port === 0
    ? {}
    : {
        annotations: {
          "prometheus.io/scrape": "true",
          "prometheus.io/port": String(port),
          "prometheus.io/path": "/metrics",
        },
      };
}

/** For the Prometheus Operator, which reads no annotations, and which not every cluster has. */
export function podMonitorOf(
  { name, labels, selector }: Workload,
  { metricsPort }: Pick<ProxyOptions, "metricsPort">,
  namespace?: string,
): Readonly<Record<string, Resources>> {
  if (metricsPort === 0) {
    return {};
  }
  const monitor = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name, labels },
    spec: {
      selector: { matchLabels: selector },
      podMetricsEndpoints: [{ port: METRICS, path: "/metrics", interval: "15s" }],
    },
  };
  return { "pod-monitor": inNamespace(namespace, { "pod-monitor.yaml": monitor }) };
}

/** Room for the socket of the admin interface, which nothing else of the Pod can write. */
export function adminMount(directory: string): Mount {
  return {
    name: "admin",
    at: directory,
    writable: true,
    source: { emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
  };
}

/** Waits until nobody sends anything new; where the admin interface has a port, clients are told to go meanwhile. */
function drain(adminPort: number) {
  if (adminPort === 0) {
    return { sleep: { seconds: DRAIN_SECONDS } };
  }
  const request =
    "POST /drain_listeners?graceful&skip_exit HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n";
  // The port is on the Pod's loopback address, where only a command in it gets.
  const script = `exec 3<>/dev/tcp/127.0.0.1/${adminPort} && printf '${request}' >&3 && read -r line <&3; sleep ${DRAIN_SECONDS}`;
  return { exec: { command: ["/bin/bash", "-c", script] } };
}
