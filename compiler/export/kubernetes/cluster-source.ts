/** What a fleet needs beside its server and its proxies where its rules are those of the cluster. */

import { type Compilation, resourcesOf } from "../../compile.ts";
import { clusterAccess } from "./cluster-access.ts";
import type { Workload } from "./manifest.ts";
import { inNamespace, type Resources, type Setting } from "./manifests.ts";
import { ADS_PORT, HTTP_PORT, WEBHOOK_PORT, WEBHOOK_SERVICE_PORT } from "./server.ts";
import {
  admissionConfiguration,
  certificates,
  type FailurePolicy,
  networkPolicy,
  serviceMonitor,
} from "./server-guards.ts";

/** Of `KubernetesFleetOptions`. */
export interface ClusterSourceOptions {
  /** Whose rules and services are read; absent: those of all. */
  readonly namespaces?: readonly string[];
  /** What becomes of rules that are applied while the webhook cannot be asked. Default: `Ignore`. */
  readonly failurePolicy?: FailurePolicy;
  /** Certificates of the authority of the server's certificate, PEM. Absent: cert-manager tells the API server. */
  readonly webhookAuthority?: string;
}

/** Of `sluice serve`. */
export function clusterArguments({ namespaces }: ClusterSourceOptions): string[] {
  return ["--kubernetes", ...(namespaces === undefined ? [] : ["--namespaces", namespaces.join(",")])];
}

interface ClusterManifests {
  readonly resources: Resources;
  readonly optional: Readonly<Record<string, Resources>>;
  readonly settings: readonly Setting[];
}

export function clusterManifests(
  compilation: Compilation,
  proxies: Workload,
  server: Workload,
  namespace: string,
  { namespaces, failurePolicy = "Ignore", webhookAuthority }: ClusterSourceOptions,
): ClusterManifests {
  const read = namespaces === undefined ? {} : { namespaces };
  const admission = "server-admission.yaml";
  return {
    resources: {
      ...clusterAccess({ server, namespace, ...read, resources: resourcesOf(compilation) }),
      "server-network-policy.yaml": networkPolicy(server, proxies, {
        ads: ADS_PORT,
        http: HTTP_PORT,
        webhook: WEBHOOK_PORT,
      }),
      [admission]: admissionConfiguration({
        server,
        namespace,
        port: WEBHOOK_SERVICE_PORT,
        failurePolicy,
        ...(webhookAuthority !== undefined && { authority: webhookAuthority }),
        ...read,
      }),
    },
    optional: {
      "cert-manager": inNamespace(namespace, certificates(server, proxies, namespace)),
      "service-monitor": inNamespace(namespace, { "service-monitor.yaml": serviceMonitor(server) }),
    },
    settings: [
      { value: "server.replicas", file: "server-deployment.yaml", field: ["spec", "replicas"] },
      { value: "webhook.failurePolicy", file: admission, field: ["webhooks", 0, "failurePolicy"] },
      ...(webhookAuthority === undefined
        ? []
        : [0, 1].map((i) => ({
            value: "webhook.caBundle",
            file: admission,
            field: ["webhooks", i, "clientConfig", "caBundle"],
          }))),
    ],
  };
}
