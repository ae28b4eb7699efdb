/**
 * A fleet in Kubernetes: a server with the rules, and Envoys that join it. `kubectl apply -k DIR`. Changed rules are a changed
 * ConfigMap, which the server sees and rolls out: no Pod is started anew for them.
 *
 * Certificates are Secrets that somebody else makes, such as cert-manager, in its form (`tls.crt`, `tls.key`, `ca.crt`): that of
 * the server, with its Service's name, and that of the proxies, with theirs.
 */

import { overloadOf } from "../../back/xds/overload-manager.ts";
import type { Compilation } from "../../compile.ts";
import { fleetBootstrap } from "../../fleet/join/bootstrap.ts";
import { Confidential } from "../../ir/confidential.ts";
import type { ProxyOptions } from "../../options.ts";
import { type FileContents, isForOwnerOnly, type OutputFiles } from "../../run/delivery/output-files.ts";
import { credentialsOf } from "../credentials.ts";
import { type ClusterSourceOptions, clusterArguments, clusterManifests } from "./cluster-source.ts";
import { type FileMap, fileMap, projected } from "./config-maps.ts";
import { adminMount, autoscaler, ENVOY_SETTINGS, envoyDeployment, podMonitorOf } from "./envoys.ts";
import { chartOf, RELEASE_NAMESPACE } from "./helm.ts";
import { kustomizationOf } from "./kustomize.ts";
import {
  credentialMount,
  disruptionBudget,
  MOUNTED_MODE,
  type Mount,
  secretMount,
  type Workload,
  workload,
  yaml,
} from "./manifest.ts";
import { inNamespace, type Manifests } from "./manifests.ts";
import { ADS_PORT, CLIENTS_FILE, fleetServer, SERVER_SETTINGS, TLS_FOLDER } from "./server.ts";
import { portsOf, services } from "./services.ts";

/** Of `fleetKustomization`. */
export interface KubernetesFleetOptions {
  /** Of the proxies; their server is `NAME-server`. */
  readonly name: string;
  /** Of the Envoys. */
  readonly image: string;
  /** Of the server, as the stage `cli` of `envoy/Dockerfile` makes it; where `rulesInImage` with the rules in it. */
  readonly serverImage: string;
  readonly rulesInImage: boolean;
  /** Where the server has the rules. */
  readonly mountPath: string;
  /** The rules are those of the cluster; what was compiled says which ports and Secrets there are, and is not a part of the export. */
  readonly fromCluster?: ClusterSourceOptions;
}

const BOOTSTRAP_FOLDER = "/etc/envoy";
const ADMIN_FOLDER = "/run/envoy";
const WAY_OUT =
  "make an image of envoy/Dockerfile's stage cli with the rules in it, and pass --rules-in image --server-image NAME";

/** Throws a `TooLargeError`. */
export function fleetKustomization(
  compilation: Compilation,
  proxy: ProxyOptions,
  options: KubernetesFleetOptions,
): Map<string, FileContents> {
  return kustomizationOf(fleetManifests(compilation, proxy, options));
}

/** The same as a Helm chart, for whatever namespace it is installed in. Throws a `TooLargeError`. */
export function fleetChart(
  compilation: Compilation,
  proxy: ProxyOptions,
  options: KubernetesFleetOptions,
): Map<string, FileContents> {
  return chartOf(fleetManifests(compilation, { ...proxy, proxyNamespace: RELEASE_NAMESPACE }, options));
}

function fleetManifests(
  compilation: Compilation,
  proxy: ProxyOptions,
  options: KubernetesFleetOptions,
): Manifests {
  const { config } = compilation;
  const { name, image, serverImage, mountPath, fromCluster } = options;
  const own = workload(name);
  const server = workload(`${name}-server`);
  const sockets = portsOf(config);
  const rules = fromCluster || options.rulesInImage ? new Map() : ruleFiles(compilation);
  const ruleMaps = rules.size === 0 ? [] : [ruleMap(`${server.name}-rules`, rules)];
  const clients = new Map([[CLIENTS_FILE, clientsFile(name, proxy)]]);
  const clientsMap = fileMap(
    { name: `${server.name}-clients`, secret: false, folder: "clients", inPlace: true },
    clients,
    WAY_OUT,
  );
  const bootstrap = bootstrapFiles(name, server, config, proxy);
  const bootstrapMap = fileMap(
    { name: `${name}-bootstrap`, secret: false, folder: "bootstrap", inPlace: false },
    bootstrap,
    WAY_OUT,
  );
  const place = fromCluster && proxy.proxyNamespace;
  const ofCluster =
    fromCluster && clusterManifests(compilation, own, server, proxy.proxyNamespace, fromCluster);
  return {
    name,
    ...(place !== undefined && { namespace: place }),
    resources: inNamespace(place, {
      ...fleetServer({
        server,
        image: serverImage,
        proxy,
        rules: fromCluster ? clusterArguments(fromCluster) : [mountPath],
        isOfCluster: fromCluster !== undefined,
        clients: clientsMap,
        mounts: [
          ...ruleMaps.map((map) => ({ name: "rules", at: mountPath, source: wholeMap(map) })),
          ...credentialsOf(config, proxy.secretsDirectory).map(credentialMount),
        ],
      }),
      ...ofCluster?.resources,
      "deployment.yaml": envoyDeployment({
        workload: own,
        image,
        bootstrap: `${BOOTSTRAP_FOLDER}/envoy.json`,
        args: ["--service-node", "$(POD_NAME)"],
        env: [
          { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          // By it a report names its proxy.
          { name: "OTEL_RESOURCE_ATTRIBUTES", value: "service.instance.id=$(POD_NAME)" },
        ],
        sockets,
        mounts: proxyMounts(name, bootstrapMap),
        proxy,
      }),
      ...services(own, sockets, proxy),
      "pod-disruption-budget.yaml": disruptionBudget(own),
      "horizontal-pod-autoscaler.yaml": autoscaler(own),
    }),
    optional: { ...ofCluster?.optional, ...podMonitorOf(own, proxy, place) },
    maps: [...ruleMaps, clientsMap, bootstrapMap],
    files: new Map([
      ...below("rules", rules),
      ...below("clients", clients),
      ...below("bootstrap", bootstrap),
    ]),
    settings: [...ENVOY_SETTINGS, ...SERVER_SETTINGS, ...(ofCluster?.settings ?? [])],
  };
}

function bootstrapFiles(
  name: string,
  server: Workload,
  config: Compilation["config"],
  proxy: ProxyOptions,
): OutputFiles {
  return fleetBootstrap({
    ...overloadOf(config, proxy),
    server: `${server.name}:${ADS_PORT}`,
    cluster: name,
    adminSocket: `${ADMIN_FOLDER}/admin.sock`,
    adminPort: proxy.adminPort,
    readyPort: proxy.readyPort,
    metricsPort: proxy.metricsPort,
    tlsCa: `${TLS_FOLDER}/ca.crt`,
    tlsCert: `${TLS_FOLDER}/tls.crt`,
    tlsKey: `${TLS_FOLDER}/tls.key`,
    tlsServerName: server.name,
    file: `${BOOTSTRAP_FOLDER}/envoy.json`,
  });
}

function proxyMounts(name: string, bootstrap: FileMap): Mount[] {
  return [
    { name: "bootstrap", at: BOOTSTRAP_FOLDER, source: projected([bootstrap], MOUNTED_MODE) },
    secretMount("tls", TLS_FOLDER, `${name}-tls`),
    adminMount(ADMIN_FOLDER),
  ];
}

/** Whoever has the certificate of the proxies may be any of their Pods, and nothing else. */
function clientsFile(name: string, { proxyNamespace }: ProxyOptions): string {
  return yaml({ clients: [{ name, namespaces: [proxyNamespace], ids: [`${name}-*`] }] });
}

/** With a key in one of them, all of them are a Secret. */
function ruleMap(name: string, rules: OutputFiles): FileMap {
  const secret = [...rules.values()].some(isForOwnerOnly);
  return fileMap({ name, secret, folder: "rules", inPlace: true }, rules, WAY_OUT);
}

/** All keys of a ConfigMap or a Secret, those that it will have later too: the server sees new files as it sees changed ones. */
function wholeMap({ name, secret }: FileMap): object {
  return secret
    ? { secret: { secretName: name, defaultMode: MOUNTED_MODE } }
    : { configMap: { name, defaultMode: MOUNTED_MODE } };
}

/** In one folder, by names that can be keys of a ConfigMap, and are read as rules. */
function ruleFiles({ config, sources }: Compilation): Map<string, FileContents> {
  const hasKeys = config.secrets?.some(({ inFiles, content }) => !inFiles && content.kind === "certificate");
  const files = new Map<string, FileContents>();
  for (const { path, text } of sources) {
    const plain = path.replace(/^[./]+/, "").replace(/[^-._a-zA-Z0-9]+/g, "_");
    const [, stem = plain, suffix = ".yaml"] = /^(.+?)(\.(?:ya?ml|json))$/.exec(plain) ?? [];
    let name = `${stem}${suffix}`;
    for (let i = 2; files.has(name); i++) {
      name = `${stem}.${i}${suffix}`;
    }
    files.set(name, hasKeys ? new Confidential(text) : text);
  }
  return files;
}

function below(folder: string, files: OutputFiles): [string, FileContents][] {
  return [...files].map(([file, contents]) => [`${folder}/${file}`, contents]);
}
