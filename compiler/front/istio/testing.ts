/** Small inputs for the tests of this folder: YAML in, and out what was made of it and what was said. */

import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { Config, Route, RouteTable, VirtualHost } from "../../ir/ir.ts";
import { assertValid } from "../../ir/validate.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { FILES_ON_DISK } from "../../source/files-on-disk.ts";
import { loadResources, type ResourceSet } from "../resources/model.ts";
import { lowerToIr } from "./lower.ts";
import { checkReferences } from "./references/check-references.ts";

export function resources(input: string | readonly SourceFile[]): ResourceSet {
  const diagnostics: Diagnostic[] = [];
  const files = typeof input === "string" ? [{ path: "test.yaml", text: input }] : input;
  const set = loadResources(files, { report: (d) => diagnostics.push(d) });
  const errors = diagnostics.filter(({ level }) => level === "error");
  if (errors.length > 0) {
    throw new Error(`the test's own input is wrong: ${errors.map(({ message }) => message).join("; ")}`);
  }
  return set;
}

export interface Lowered {
  readonly config: Config;
  readonly diagnostics: readonly Diagnostic[];
  /** `code line`, as they were found. */
  readonly findings: readonly string[];
}

export function lower(input: string | ResourceSet, options: Partial<ProxyOptions> = {}): Lowered {
  const diagnostics: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => void diagnostics.push(diagnostic) };
  const set = typeof input === "string" ? resources(input) : input;
  // Else every proxy would have a cluster more than its services.
  const proxy: ProxyOptions = { ...DEFAULT_PROXY_OPTIONS, outboundPolicy: "REGISTRY_ONLY", ...options };
  const lowered = lowerToIr(set, proxy, sink, { files: FILES_ON_DISK, now: new Date() });
  checkReferences(set, proxy, lowered, "ofProxy", sink);
  // What is wrong with the rules may be so with what was made of them, which nobody encodes.
  if (diagnostics.every(({ level }) => level !== "error")) {
    assertValid(lowered.config);
  }
  return {
    config: lowered.config,
    diagnostics,
    findings: diagnostics.map(({ code, span }) =>
      span === undefined ? code : `${code} ${span.file.text.slice(0, span.start).split("\n").length}`,
    ),
  };
}

export function tableOf({ config }: Lowered, listener: string): RouteTable {
  const found = config.listeners.find(({ name }) => name === listener);
  if (found === undefined) {
    throw new Error(`no listener ${listener}, only ${config.listeners.map(({ name }) => name).join(", ")}`);
  }
  return found.routes;
}

/** The virtual host that serves a domain of a listener, which must be written there exactly so. */
export function hostOf(lowered: Lowered, listener: string, domain: string): VirtualHost | undefined {
  return tableOf(lowered, listener).virtualHosts.find(({ domains }) => domains.includes(domain));
}

/** Where the routes of a virtual host lead: cluster names, with weights where there are several, or a status. */
export function targets(routes: readonly Route[] | undefined): string[] | undefined {
  return routes?.map(({ action }) =>
    action.kind !== "forward"
      ? String(action.status)
      : action.destinations
          .map(({ cluster, weight }) => (action.destinations.length === 1 ? cluster : `${cluster}=${weight}`))
          .join(" "),
  );
}

/** A Kubernetes Service in namespace `default`, with one endpoint for each version. */
export function serviceYaml(name: string, port = 80, versions: readonly string[] = ["v1"]): string {
  const pods = versions.map(
    (version, index) => `
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}-${version}, namespace: default, labels: { app: ${name}, version: ${version} } }
status: { podIP: 10.0.0.${index + 1} }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}-${version}
  namespace: default
  labels: { kubernetes.io/service-name: ${name} }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints:
  - addresses: [10.0.0.${index + 1}]
    conditions: { ready: true }
    targetRef: { kind: Pod, name: ${name}-${version}, namespace: default }`,
  );
  return `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec: { clusterIP: 10.96.0.${name.length}, ports: [{ name: http, port: ${port} }] }${pods.join("")}
`;
}

/** A VirtualService in namespace `default`; `http` is YAML in flow style or indented by two. */
export function virtualServiceYaml(name: string, hosts: string, http: string, more = ""): string {
  return `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${hosts}]
  ${more}
  http:
${http}
`;
}
