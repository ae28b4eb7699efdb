/**
 * A proxy of our own in Kubernetes, with the rules in it: a kustomization of a Deployment, what guards it, and the build in
 * a ConfigMap (keys in a Secret), mounted where the build expects to be. `kubectl apply -k DIR`.
 *
 * The names of ConfigMaps end in a hash of their content, so changed rules are new Pods, one after another.
 */

import path from "node:path";
import { stringify } from "yaml";
import type { Compilation } from "../compile.ts";
import { type Socket, socketsOf } from "../ir/sockets.ts";
import { meantPort } from "../options/port-map.ts";
import type { ProxyOptions } from "../options.ts";
import { adminSocketOf } from "../run/delivery/folder/build.ts";
import {
  bytesOf,
  type FileContents,
  isForOwnerOnly,
  type OutputFiles,
} from "../run/delivery/output-files.ts";
import { type Credential, credentialsOf } from "./credentials.ts";
import { TooLargeError } from "./too-large.ts";

/** Of `kustomization`. */
export interface KubernetesOptions {
  readonly name: string;
  /** The Envoy, or where `rulesInImage` an image of `envoy/Dockerfile`, which has the rules. */
  readonly image: string;
  readonly rulesInImage: boolean;
  readonly mountPath: string;
}

/** What an API server takes of a ConfigMap's or Secret's values. */
const LARGEST_CONFIG_MAP = 1024 * 1024;
const ENVOY_USER = 101;
/** The name of the port that probes ask. */
const READY = "ready";
const FIRST_UNPRIVILEGED_PORT = 1024;
const REPLICAS = { least: 2, most: 10 };
/** For Envoy's group, which the volumes get. */
const MOUNTED_MODE = 0o440;
/** Connections that are there end within it. */
const DRAIN_SECONDS = 15;

/** `build` has the files of a build for `mountPath`; its `readyPort` is what probes ask. Throws a `TooLargeError`. */
export function kustomization(
  { config }: Compilation,
  build: OutputFiles,
  proxy: ProxyOptions,
  options: KubernetesOptions,
): Map<string, FileContents> {
  const { name, rulesInImage } = options;
  const sockets = portsOf(config);
  const isEdge = ({ role }: Socket) => role === "gateway";
  const edge = sockets.filter(isEdge);
  const mesh = sockets.filter((socket) => !isEdge(socket));
  const rules = rulesInImage ? [] : sourcesOf(name, build);
  const files = new Map<string, FileContents>();
  for (const { entries } of rules) {
    for (const { path } of entries) {
      files.set(`rules/${path}`, build.get(path)!);
    }
  }
  const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "sluice" };
  const selector = { "app.kubernetes.io/name": name };
  const resources = {
    "deployment.yaml": deployment(
      options,
      labels,
      selector,
      sockets,
      mountsOf(options, rules, credentialsOf(config, proxy.secretsDirectory), proxy),
      proxy,
    ),
    ...(edge.length > 0 && { "service.yaml": edgeService(name, labels, selector, edge, proxy) }),
    ...(mesh.length > 0 && { "mesh-service.yaml": meshService(name, labels, selector, mesh, proxy) }),
    "pod-disruption-budget.yaml": {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name, labels },
      spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
    },
    "horizontal-pod-autoscaler.yaml": autoscaler(name, labels),
  };
  for (const [file, resource] of Object.entries(resources)) {
    files.set(file, yaml(resource));
  }
  const generators = (secret: boolean) =>
    rules
      .filter((source) => source.secret === secret)
      .map((source) => ({
        name: source.name,
        files: source.entries.map(({ key, path }) => `${key}=rules/${path}`),
      }));
  files.set(
    "kustomization.yaml",
    yaml({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: Object.keys(resources),
      ...(generators(false).length > 0 && { configMapGenerator: generators(false) }),
      ...(generators(true).length > 0 && { secretGenerator: generators(true) }),
    }),
  );
  return files;
}

/** A ConfigMap or a Secret, and which of its keys is which file of the build. */
interface Source {
  readonly name: string;
  readonly secret: boolean;
  readonly entries: readonly { readonly key: string; readonly path: string }[];
}

function sourcesOf(name: string, build: OutputFiles): Source[] {
  const paths = [...build.keys()].sort();
  const isSecret = (path: string) => isForOwnerOnly(build.get(path)!);
  const all: Source[] = [
    { name: `${name}-rules`, secret: false, entries: entriesOf(paths.filter((path) => !isSecret(path))) },
    { name: `${name}-keys`, secret: true, entries: entriesOf(paths.filter(isSecret)) },
  ];
  for (const source of all) {
    const bytes = source.entries.reduce((sum, { path }) => sum + bytesOf(build.get(path)!).byteLength, 0);
    if (bytes > LARGEST_CONFIG_MAP) {
      throw new TooLargeError(
        `the rules have ${bytes} bytes, but a ConfigMap can hold only ${LARGEST_CONFIG_MAP}; build an image with envoy/Dockerfile, and pass --rules-in image --image NAME`,
      );
    }
  }
  return all.filter(({ entries }) => entries.length > 0);
}

/** Keys are of letters, digits, `-`, `_` and `.` only, and two paths can come to the same. */
function entriesOf(paths: readonly string[]): Source["entries"] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const plain = path.replace(/[^-._a-zA-Z0-9]/g, "_");
    let key = plain;
    for (let i = 2; taken.has(key); i++) {
      key = `${plain}.${i}`;
    }
    taken.add(key);
    return { key, path };
  });
}

function deployment(
  { name, image, mountPath }: KubernetesOptions,
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
  sockets: readonly Socket[],
  mounts: readonly Mount[],
  { adminPort, readyPort }: ProxyOptions,
) {
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
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: DRAIN_SECONDS * 2,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: ENVOY_USER,
            runAsGroup: ENVOY_USER,
            fsGroup: ENVOY_USER,
            seccompProfile: { type: "RuntimeDefault" },
            ...(privileged && { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] }),
          },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "kubernetes.io/hostname",
              whenUnsatisfiable: "ScheduleAnyway",
              labelSelector: { matchLabels: selector },
            },
          ],
          containers: [
            {
              name: "envoy",
              image,
              command: ["envoy"],
              args: [
                "--config-path",
                `${mountPath}/envoy.json`,
                "--disable-hot-restart",
                "--log-level",
                "warning",
                "--skip-deprecated-logs",
                // Every response of a Pod that ends closes its connection, not one in forty: Envoy's own time is 600 s.
                "--drain-strategy",
                "immediate",
                "--drain-time-s",
                String(DRAIN_SECONDS),
              ],
              ports: [
                ...sockets.map(({ port }) => ({ name: `port-${port}`, containerPort: port })),
                { name: READY, containerPort: readyPort },
              ],
              startupProbe: { ...isReady, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
              readinessProbe: { ...isReady, periodSeconds: 5, timeoutSeconds: 2 },
              livenessProbe: { ...isReady, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 2 },
              lifecycle: { preStop: drain(adminPort) },
              resources: { requests: { cpu: "250m", memory: "128Mi" }, limits: { memory: "1Gi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: mounts.map(({ name: volume, at, writable }) => ({
                name: volume,
                mountPath: at,
                ...(!writable && { readOnly: true }),
              })),
            },
          ],
          volumes: mounts.map(({ name: volume, source }) => ({ name: volume, ...source })),
        },
      },
    },
  };
}

interface Mount {
  readonly name: string;
  readonly at: string;
  readonly writable?: boolean;
  readonly source: object;
}

/**
 * The rules, and each Secret that they were compiled with by its folder: that is how Kubernetes mounts it. And room for the
 * socket of the admin interface, which nothing else of the Pod can write.
 */
function mountsOf(
  { rulesInImage, mountPath }: KubernetesOptions,
  rules: readonly Source[],
  credentials: readonly Credential[],
  proxy: ProxyOptions,
): Mount[] {
  const sources = rules.map(({ name, secret, entries }) => ({
    [secret ? "secret" : "configMap"]: { name, items: entries },
  }));
  const projected = { defaultMode: MOUNTED_MODE, sources };
  return [
    ...(rulesInImage ? [] : [{ name: "rules", at: mountPath, source: { projected } }]),
    ...credentials.map(({ folder, secretName }, i) => ({
      name: `credential-${i}`,
      at: folder,
      source: { secret: { secretName, defaultMode: MOUNTED_MODE } },
    })),
    {
      name: "admin",
      at: path.posix.dirname(adminSocketOf(proxy, mountPath)),
      writable: true,
      source: { emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
    },
  ];
}

/** A Pod has one address: sockets on the same port of others are the same port there. A unix socket is for its own Pod. */
function portsOf(config: Compilation["config"]): Socket[] {
  const open = socketsOf(config).filter(({ port }) => port !== 0);
  return [...new Map(open.map((socket) => [socket.port, socket])).values()];
}

function edgeService(
  name: string,
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
  sockets: readonly Socket[],
  proxy: ProxyOptions,
) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels },
    spec: {
      type: "LoadBalancer",
      // Envoy sees the client's own address.
      externalTrafficPolicy: "Local",
      selector,
      ports: servicePorts(sockets, proxy),
    },
  };
}

/** What services ask for one another is not for the world outside. */
function meshService(
  name: string,
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
  sockets: readonly Socket[],
  proxy: ProxyOptions,
) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `${name}-mesh`, labels },
    spec: { type: "ClusterIP", selector, ports: servicePorts(sockets, proxy) },
  };
}

function servicePorts(sockets: readonly Socket[], { portMap }: ProxyOptions) {
  return sockets.map(({ role, port, servicePort, scheme }) => {
    const meant = servicePort ?? meantPort(portMap, role, port);
    return { name: `${scheme}-${meant}`, port: meant, targetPort: `port-${port}` };
  });
}

function autoscaler(name: string, labels: Readonly<Record<string, string>>) {
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

function yaml(value: unknown): string {
  // Without anchors: people read it, and write patches of it.
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
