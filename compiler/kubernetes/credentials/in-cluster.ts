/**
 * The account of the pod that this process runs in, as the kubelet lays it out. It replaces the token and the authorities
 * while the pod runs, so both are read again.
 */

import { existsSync } from "node:fs";
import { EnvironmentError } from "../../platform/error.ts";
import { regularFileAtMost } from "../../source/bounded.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { environmentProxy } from "./environment-proxy.ts";
import { FreshFile } from "./fresh-file.ts";
import { StaticCredentials } from "./static-credentials.ts";

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Bytes; of a name. */
const LARGEST_NAME = 4096;

/** Whether this process runs in a pod that has an account. */
export function hasServiceAccount(): boolean {
  return process.env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(`${ACCOUNT}/token`);
}

/** Throws an `EnvironmentError` where there is none. */
export function inClusterAccess(): ClusterAccess {
  const host = process.env.KUBERNETES_SERVICE_HOST;
  const port = process.env.KUBERNETES_SERVICE_PORT ?? "443";
  if (host === undefined || !hasServiceAccount()) {
    throw new EnvironmentError(
      "this process does not run in a pod with a service account; name a kubeconfig (--kubeconfig), or set automountServiceAccountToken: true",
    );
  }
  const owner = "the pod's service account";
  const authorities = new FreshFile(`${ACCOUNT}/ca.crt`, owner);
  const server = new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`);
  const proxy = environmentProxy(server, process.env);
  return {
    server,
    ...(proxy !== undefined && { proxy }),
    origin: owner,
    defaultNamespace: regularFileAtMost(`${ACCOUNT}/namespace`, LARGEST_NAME)?.trim() || "default",
    authorities: () => authorities.text(),
    insecure: false,
    credentials: new StaticCredentials({ owner, token: new FreshFile(`${ACCOUNT}/token`, owner) }),
    impersonation: {},
  };
}
