/**
 * A proxy of our own in Kubernetes, with the rules in it: a kustomization of a Deployment, what guards it, and the build in
 * a ConfigMap (keys in a Secret), mounted where the build expects to be. `kubectl apply -k DIR`.
 *
 * The names of ConfigMaps end in a hash of their content, so changed rules are new Pods, one after another.
 */

import path from "node:path";
import type { Compilation } from "../../compile.ts";
import type { ProxyOptions } from "../../options.ts";
import { adminSocketOf } from "../../run/delivery/folder/build.ts";
import type { FileContents, OutputFiles } from "../../run/delivery/output-files.ts";
import { type Credential, credentialsOf } from "../credentials.ts";
import { bySecrecy, type FileMap, fileMap, projected } from "./config-maps.ts";
import { adminMount, autoscaler, ENVOY_SETTINGS, envoyDeployment, podMonitorOf } from "./envoys.ts";
import { chartOf } from "./helm.ts";
import { kustomizationOf } from "./kustomize.ts";
import { credentialMount, disruptionBudget, MOUNTED_MODE, type Mount, workload } from "./manifest.ts";
import type { Manifests } from "./manifests.ts";
import { portsOf, services } from "./services.ts";

/** Of `kustomization`. */
export interface KubernetesOptions {
  readonly name: string;
  /** The Envoy, or where `rulesInImage` an image of `envoy/Dockerfile`, which has the rules. */
  readonly image: string;
  readonly rulesInImage: boolean;
  readonly mountPath: string;
}

/** `build` has the files of a build for `mountPath`; its `readyPort` is what probes ask. Throws a `TooLargeError`. */
export function kustomization(...of: Parameters<typeof buildManifests>): Map<string, FileContents> {
  return kustomizationOf(buildManifests(...of));
}

/** The same as a Helm chart. */
export function chart(...of: Parameters<typeof buildManifests>): Map<string, FileContents> {
  return chartOf(buildManifests(...of));
}

function buildManifests(
  { config }: Compilation,
  build: OutputFiles,
  proxy: ProxyOptions,
  options: KubernetesOptions,
): Manifests {
  const { name, image, rulesInImage, mountPath } = options;
  const sockets = portsOf(config);
  const rules = rulesInImage ? [] : ruleMaps(name, build);
  const files = new Map<string, FileContents>();
  for (const { entries } of rules) {
    for (const { path } of entries) {
      files.set(`rules/${path}`, build.get(path)!);
    }
  }
  const own = workload(name);
  const resources = {
    "deployment.yaml": envoyDeployment({
      workload: own,
      image,
      bootstrap: `${mountPath}/envoy.json`,
      sockets,
      mounts: mountsOf(options, rules, credentialsOf(config, proxy.secretsDirectory), proxy),
      proxy,
    }),
    ...services(own, sockets, proxy),
    "pod-disruption-budget.yaml": disruptionBudget(own),
    "horizontal-pod-autoscaler.yaml": autoscaler(own),
  };
  return {
    name,
    resources,
    optional: podMonitorOf(own, proxy),
    maps: rules,
    files,
    settings: ENVOY_SETTINGS,
  };
}

const WAY_OUT = "build an image with envoy/Dockerfile, and pass --rules-in image --image NAME";

function ruleMaps(name: string, build: OutputFiles): FileMap[] {
  const { open, secret } = bySecrecy(build);
  const where = { folder: "rules", inPlace: false };
  return [
    fileMap({ ...where, name: `${name}-rules`, secret: false }, open, WAY_OUT),
    fileMap({ ...where, name: `${name}-keys`, secret: true }, secret, WAY_OUT),
  ].filter(({ entries }) => entries.length > 0);
}

/** The rules, and each Secret that they were compiled with by its folder: that is how Kubernetes mounts it. */
function mountsOf(
  { rulesInImage, mountPath }: KubernetesOptions,
  rules: readonly FileMap[],
  credentials: readonly Credential[],
  proxy: ProxyOptions,
): Mount[] {
  return [
    ...(rulesInImage ? [] : [{ name: "rules", at: mountPath, source: projected(rules, MOUNTED_MODE) }]),
    ...credentials.map(credentialMount),
    adminMount(path.posix.dirname(adminSocketOf(proxy, mountPath))),
  ];
}
