/** Kubeconfig files, as `kubectl` reads and merges them → how to reach one cluster, and as whom. */

import { X509Certificate } from "node:crypto";
import { EnvironmentError } from "../../platform/error.ts";
import type { ClusterAccess } from "../credentials/cluster-access.ts";
import { environmentProxy } from "../credentials/environment-proxy.ts";
import { FreshFile } from "../credentials/fresh-file.ts";
import { textOf, type Written } from "../credentials/static-credentials.ts";
import { kubeconfigFiles } from "./find-files.ts";
import { type KubeconfigFile, readKubeconfigFile } from "./read-file.ts";
import type { Section } from "./section.ts";
import { credentialsOf, impersonationOf } from "./user.ts";

export interface KubeconfigOptions {
  /** Default: those of `$KUBECONFIG`, or `~/.kube/config`. */
  readonly file?: string;
  /** Default: the current one. */
  readonly context?: string;
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Throws an `EnvironmentError` that says in one line which file to mend, and how. */
export function kubeconfigAccess({ file, context, env = process.env }: KubeconfigOptions): ClusterAccess {
  const files = kubeconfigFiles(file, env).map(readKubeconfigFile);
  const names = files.map(({ name }) => name).join(", ");
  const wanted = context ?? files.find((one) => one.currentContext !== undefined)?.currentContext;
  const chosen = chooseContext(files, names, wanted, context !== undefined);
  const cluster = part(files, "clusters", chosen, "cluster");
  const user = chosen.has("user") ? part(files, "users", chosen, "user") : undefined;
  const server = serverOf(cluster);
  const serverName = cluster.text("tls-server-name");
  const proxy = proxyOf(cluster, server) ?? environmentProxy(server, env);
  return {
    server,
    origin: `${chosen.place} of ${chosen.file}`,
    defaultNamespace: chosen.text("namespace") ?? "default",
    authorities: authoritiesOf(cluster),
    ...(serverName !== undefined && { serverName }),
    insecure: insecureOf(cluster),
    ...(proxy !== undefined && { proxy }),
    credentials: credentialsOf(user, cluster),
    impersonation: impersonationOf(user),
  };
}

function chooseContext(
  files: readonly KubeconfigFile[],
  names: string,
  wanted: string | undefined,
  isAsked: boolean,
): Section {
  const known = [...new Set(files.flatMap(({ contexts }) => [...contexts.keys()]))].sort();
  const list = known.length === 0 ? "it has none" : `known contexts: ${known.join(", ")}`;
  if (wanted === undefined) {
    throw new EnvironmentError(`${names}: no \`current-context\`; use --context (${list})`);
  }
  const found = files.find(({ contexts }) => contexts.has(wanted))?.contexts.get(wanted);
  if (found === undefined) {
    const what = isAsked ? "--context" : "`current-context`";
    throw new EnvironmentError(`${names}: ${what}: there is no context "${wanted}"; ${list}`);
  }
  return found;
}

/** The cluster or the user that a context names. */
function part(
  files: readonly KubeconfigFile[],
  list: "clusters" | "users",
  context: Section,
  field: "cluster" | "user",
): Section {
  const name = context.text(field);
  if (name === undefined) {
    throw context.error(`\`${field}\` is missing`);
  }
  for (const file of files) {
    const found = file[list].get(name);
    if (found !== undefined) {
      return found;
    }
  }
  const known = [...new Set(files.flatMap((file) => [...file[list].keys()]))].sort();
  throw context.error(`there is no ${field} "${name}"; known: ${known.join(", ") || "none"}`);
}

function serverOf(cluster: Section): URL {
  const text = cluster.text("server");
  if (text === undefined) {
    throw cluster.error("`server` is missing; use an address such as https://10.0.0.1:6443");
  }
  // kubectl takes an address without a scheme for one of plain HTTP.
  const url = urlOf(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    throw cluster.error(`\`server\`: "${text}" is not valid; use an address such as https://10.0.0.1:6443`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    throw cluster.error("`server` must be an address alone, without a user or a query");
  }
  return url;
}

function insecureOf(cluster: Section): boolean {
  const insecure = cluster.flag("insecure-skip-tls-verify");
  if (insecure && (cluster.has("certificate-authority") || cluster.has("certificate-authority-data"))) {
    throw cluster.error(
      "`insecure-skip-tls-verify` and a certificate authority cannot be combined; remove one",
    );
  }
  return insecure;
}

function authoritiesOf(cluster: Section): () => string | undefined {
  const data = cluster.data("certificate-authority-data");
  const file = cluster.path("certificate-authority");
  if (data === undefined && file === undefined) {
    return () => undefined;
  }
  const written: Written = data ?? new FreshFile(file!, `\`certificate-authority\` of ${cluster.title}`);
  const field = data === undefined ? "certificate-authority" : "certificate-authority-data";
  if (!isCertificate(textOf(written))) {
    throw cluster.error(`\`${field}\` has no certificate in PEM format`);
  }
  return () => textOf(written);
}

function isCertificate(text: string): boolean {
  try {
    return text.includes("-----BEGIN CERTIFICATE-----") && new X509Certificate(text) !== undefined;
  } catch {
    return false;
  }
}

function proxyOf(cluster: Section, server: URL): URL | undefined {
  const text = cluster.text("proxy-url");
  if (text === undefined) {
    return undefined;
  }
  const url = urlOf(text);
  if (server.protocol !== "https:") {
    throw cluster.error("`proxy-url` needs a `server` with https://");
  }
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || !isEncoded(url)) {
    // A user and a password may stand in it.
    throw cluster.error("`proxy-url` is not valid; use http://host:port or https://host:port");
  }
  return url;
}

/** Whether user and password are as an address has them: a `%` of their own is written `%25`. */
function isEncoded({ username, password }: URL): boolean {
  return !/%(?![\da-f]{2})/i.test(username + password);
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
