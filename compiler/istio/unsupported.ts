/**
 * What we refuse by name. A rule that is accepted and not obeyed is worse than one that is refused, so every field
 * that changes what happens to a request, and that nothing here lowers, stands in this table.
 */

import type { DiagnosticCode } from "../diagnostics/codes.ts";
import type { FieldPath, Resource } from "./model.ts";
import type { Report } from "./report.ts";

export interface Unsupported {
  /** Below `spec`: `a.b`, `list[].a` for each item, `map{}` for each key. */
  readonly path: string;
  /** Refused only then; otherwise whenever the field is there and is not empty. Called for a missing field, too. */
  readonly when?: (
    value: unknown,
    key: string | number,
    parent: Readonly<Record<string, unknown>>,
  ) => boolean;
  readonly why?: string;
  readonly code?: DiagnosticCode;
}

const isJwtClaim = (_value: unknown, key: string | number) =>
  typeof key === "string" && key.toLowerCase().startsWith("@request.auth.claims");
const ENVOY_STATUS = "Envoy takes 200 to 599";

export const VIRTUAL_SERVICE: readonly Unsupported[] = [
  { path: "http[].redirect" },
  { path: "http[].rewrite" },
  { path: "http[].delegate" },
  { path: "http[].headers" },
  { path: "http[].route[].headers" },
  { path: "http[].corsPolicy" },
  { path: "http[].mirror" },
  { path: "http[].mirrors" },
  { path: "http[].retries.backoff" },
  { path: "http[].retries.retryRemoteLocalities", when: (value) => value === true },
  { path: "http[].retries.retryIgnorePreviousHosts", when: (value) => value === false },
  { path: "http[].match[].statPrefix" },
  { path: "http[].match[].headers{}", when: isJwtClaim },
  { path: "http[].match[].withoutHeaders{}", when: isJwtClaim },
  { path: "http[].directResponse.body.bytes" },
  { path: "http[].directResponse.status", when: (value) => value === 600, code: "SL0501", why: ENVOY_STATUS },
  {
    path: "http[].fault.abort.httpStatus",
    when: (value) => value === 600,
    code: "SL0501",
    why: ENVOY_STATUS,
  },
  { path: "tls" },
  { path: "tcp" },
];

const TRAFFIC_POLICY: readonly Unsupported[] = [
  { path: "loadBalancer.consistentHash" },
  {
    path: "loadBalancer.localityLbSetting",
    when: (value) => isPresent(value) && (value as { enabled?: unknown }).enabled !== false,
  },
  { path: "loadBalancer.zoneAwareLbSetting" },
  { path: "loadBalancer.warmup" },
  { path: "loadBalancer.warmupDurationSecs" },
  { path: "loadBalancer.simple", when: (value) => value === "PASSTHROUGH" },
  { path: "connectionPool.http.maxConcurrentStreams" },
  { path: "connectionPool.http.http2KeepAlive" },
  { path: "outlierDetection.outlierDetectionHttpErrorCodes" },
  {
    path: "tls.mode",
    when: (value) => value === "ISTIO_MUTUAL",
    why: "outside of Istio there is no workload identity to prove",
  },
  { path: "tls.mode", when: (value) => value === "SIMPLE" || value === "MUTUAL" },
  { path: "tunnel" },
  { path: "proxyProtocol" },
  { path: "retryBudget" },
];

export const DESTINATION_RULE: readonly Unsupported[] = [
  "trafficPolicy",
  "trafficPolicy.portLevelSettings[]",
  "subsets[].trafficPolicy",
  "subsets[].trafficPolicy.portLevelSettings[]",
].flatMap((where) => TRAFFIC_POLICY.map((entry) => ({ ...entry, path: `${where}.${entry.path}` })));

export const SERVICE_ENTRY: readonly Unsupported[] = [
  {
    path: "resolution",
    when: (value) => value === undefined || value === "NONE",
    why: "the address that a client asked for is not known to an explicit proxy; STATIC and DNS are supported",
  },
  { path: "resolution", when: (value) => value === "DYNAMIC_DNS" },
  {
    path: "endpoints[].address",
    when: (value) => typeof value === "string" && value.startsWith("unix:"),
    why: "only IP addresses and names are",
  },
];

/** Protocols of a Gateway's server that are plain HTTP. */
const PLAIN_HTTP = new Set(["HTTP", "HTTP2", "GRPC", "GRPC-WEB"]);

export function isPlainHttp(protocol: unknown): boolean {
  return typeof protocol === "string" && PLAIN_HTTP.has(protocol.toUpperCase());
}

export const GATEWAY: readonly Unsupported[] = [
  {
    path: "servers[].port.protocol",
    when: (value) => !isPlainHttp(value),
    why: `only ${[...PLAIN_HTTP].join(", ")} are`,
  },
  // Said once for a server: with another protocol, that is refused already.
  {
    path: "servers[].tls",
    when: (value, _key, server) => isPresent(value) && isPlainHttp(protocolOf(server)),
  },
  { path: "servers[].bind" },
];

function protocolOf({ port }: Readonly<Record<string, unknown>>): unknown {
  return (port as { protocol?: unknown } | undefined)?.protocol;
}

/** Reports every unsupported field of a resource; false when there was one. */
export function refuseUnsupported(
  resource: Resource<unknown>,
  table: readonly Unsupported[],
  report: Report,
): boolean {
  let fine = true;
  for (const { path, when = isPresent, why, code = "SL0301" } of table) {
    for (const { at, value, key, parent } of fields(resource.spec, path)) {
      if (when(value, key, parent)) {
        fine = false;
        const shown = typeof value === "string" || typeof value === "number" ? ` ("${value}")` : "";
        const verdict = code === "SL0501" ? "refused by Envoy" : "not supported yet";
        report(code, `${verdict}: ${format(at)}${shown}${why ? `: ${why}` : ""}`, resource.spanOf(at));
      }
    }
  }
  return fine;
}

interface Field {
  readonly at: FieldPath;
  readonly value: unknown;
  readonly key: string | number;
  readonly parent: Readonly<Record<string, unknown>>;
}

/** The fields that a path of the table names, a missing last one included. */
function fields(spec: unknown, path: string): Field[] {
  let found: Field[] = [{ at: ["spec"], value: spec, key: "spec", parent: {} }];
  for (const segment of path.split(".")) {
    const name = segment.replace(/\[\]$|\{\}$/, "");
    found = found
      .filter(({ value }) => isObject(value))
      .map(({ at, value }) => {
        const parent = value as Record<string, unknown>;
        return { at: [...at, name], value: parent[name], key: name, parent };
      });
    if (segment !== name) {
      found = found.flatMap(children);
    }
  }
  return found;
}

function children({ at, value }: Field): Field[] {
  if (!isObject(value)) {
    return [];
  }
  const parent = value as Record<string, unknown>;
  return Array.isArray(value)
    ? value.map((item, index) => ({ at: [...at, index], value: item, key: index, parent }))
    : Object.entries(parent).map(([key, item]) => ({ at: [...at, key], value: item, key, parent }));
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isPresent(value: unknown): boolean {
  return (
    value !== undefined &&
    value !== null &&
    !(isObject(value) && Object.keys(value).length === 0) &&
    value !== 0
  );
}

/** `spec.http[2].corsPolicy`, as the path is written in most tools. */
function format(path: FieldPath): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}
