/** One DestinationRule by itself. Source: istiod's `ValidateDestinationRule`. */

import { isIP } from "node:net";
import type { FieldPath, Resource } from "../../resources/resource.ts";
import { parseDuration } from "../../resources/schema/duration.ts";
import type { DestinationRuleSpec, PortTrafficPolicy, TrafficPolicy } from "../../resources/types.ts";
import {
  checkDuration,
  checkExportTo,
  checkHost,
  checkLabels,
  checkPort,
  hostError,
  isDnsLabel,
  quote,
} from "./common.ts";
import { checkLoadBalancer } from "./load-balancer.ts";
import { each, type Reporter } from "./reporter.ts";

export function validateDestinationRule(reporter: Reporter, { spec }: Resource<DestinationRuleSpec>): void {
  checkHost(reporter, spec.host, ["spec", "host"]);
  checkTrafficPolicy(reporter, spec.trafficPolicy, ["spec", "trafficPolicy"], true);
  const names = new Set<string>();
  each(spec.subsets, ["spec", "subsets"], (subset, path) => {
    const name = subset?.name ?? "";
    if (names.has(name)) {
      reporter.report("SL0225", [...path, "name"], `there are two subsets named ${quote(name)}`);
    }
    names.add(name);
    if (!isDnsLabel(name)) {
      reporter.report("SL0225", [...path, "name"], `${quote(name)} is not a valid subset name`);
    }
    checkLabels(reporter, subset?.labels, [...path, "labels"]);
    checkTrafficPolicy(reporter, subset?.trafficPolicy, [...path, "trafficPolicy"], false);
  });
  checkExportTo(reporter, spec.exportTo);
  checkWorkloadSelector(reporter, spec);
}

function checkWorkloadSelector(reporter: Reporter, spec: DestinationRuleSpec): void {
  if (spec.workloadSelector === undefined) {
    return;
  }
  const path = ["spec", "workloadSelector"];
  if ((spec.exportTo?.length ?? 0) > 0) {
    const own =
      spec.exportTo!.length === 1 && [".", reporter.resource.namespace].includes(spec.exportTo![0]!);
    if (!own) {
      reporter.report(
        "SL0206",
        ["spec", "exportTo"],
        "a DestinationRule with a workloadSelector applies to its own namespace only",
        'Write exportTo: ["."].',
      );
    }
  }
  if (Object.keys(spec.workloadSelector.matchLabels ?? {}).length === 0) {
    reporter.report("SL0294", path, "it is empty and selects every workload of the namespace");
  }
  checkSelectorLabels(reporter, spec.workloadSelector.matchLabels ?? {}, [...path, "matchLabels"]);
}

/** Labels of a workload selector: no wildcard, no empty key. */
export function checkSelectorLabels(
  reporter: Reporter,
  labels: Readonly<Record<string, string>>,
  path: FieldPath,
): void {
  for (const [key, value] of Object.entries(labels)) {
    if (key === "") {
      reporter.report("SL0205", path, "a label has no name");
    } else if (key.includes("*") || value.includes("*")) {
      reporter.report(
        "SL0205",
        [...path, key],
        `${quote(`${key}=${value}`)} contains a wildcard`,
        "A selector compares whole values; write the full label.",
      );
    }
  }
}

/** `top`: warnings of subsets and ports do not reach Istio's users, so neither ours. */
function checkTrafficPolicy(
  reporter: Reporter,
  policy: TrafficPolicy | undefined,
  path: FieldPath,
  top: boolean,
): void {
  if (!policy) {
    return;
  }
  if (
    !Object.values(policy).some(
      (block) => block !== undefined && block !== null && !(Array.isArray(block) && block.length === 0),
    )
  ) {
    reporter.report("SL0290", path, "the policy is empty", "Remove it, or set something in it.");
  }
  if (policy.tunnel && policy.proxyProtocol) {
    reporter.report("SL0291", [...path, "proxyProtocol"], "tunnel and proxyProtocol cannot be combined");
  }
  const { tunnel } = policy;
  if (tunnel) {
    if (tunnel.protocol && tunnel.protocol !== "CONNECT" && tunnel.protocol !== "POST") {
      reporter.report(
        "SL0291",
        [...path, "tunnel", "protocol"],
        `${quote(tunnel.protocol)} is neither CONNECT nor POST`,
      );
    }
    const host = tunnel.targetHost ?? "";
    if (isIP(host) === 0 && hostError(host, false) !== undefined) {
      reporter.report(
        "SL0291",
        [...path, "tunnel", "targetHost"],
        `${quote(host)} is neither a host name nor an address`,
      );
    }
    checkPort(reporter, tunnel.targetPort ?? 0, [...path, "tunnel", "targetPort"]);
  }
  checkBlocks(reporter, policy, path, top);
  each(policy.portLevelSettings, [...path, "portLevelSettings"], (port, at) => {
    if (!port?.port) {
      reporter.report("SL0292", at, "the port is missing");
    }
    if (!port?.loadBalancer && !port?.connectionPool && !port?.outlierDetection && !port?.tls) {
      reporter.report(
        "SL0290",
        at,
        "the policy is empty",
        "Set loadBalancer, connectionPool, outlierDetection or tls.",
      );
    }
    if (port) {
      checkBlocks(reporter, port, at, false);
    }
  });
}

function checkBlocks(
  reporter: Reporter,
  policy: Omit<PortTrafficPolicy, "port">,
  path: FieldPath,
  top: boolean,
): void {
  checkOutlierDetection(reporter, policy, path, top);
  checkConnectionPool(reporter, policy, path);
  checkLoadBalancer(
    reporter,
    policy.loadBalancer,
    [...path, "loadBalancer"],
    policy.outlierDetection !== undefined,
    top,
  );
  checkTls(reporter, policy, path);
}

function checkOutlierDetection(
  reporter: Reporter,
  policy: Omit<PortTrafficPolicy, "port">,
  path: FieldPath,
  top: boolean,
): void {
  const outlier = policy.outlierDetection;
  if (!outlier) {
    return;
  }
  const at = [...path, "outlierDetection"];
  checkDuration(reporter, outlier.interval, [...at, "interval"]);
  checkDuration(reporter, outlier.baseEjectionTime, [...at, "baseEjectionTime"]);
  if (outlier.consecutiveErrors && top) {
    reporter.report(
      "SL0295",
      [...at, "consecutiveErrors"],
      "consecutiveErrors is deprecated and has no effect",
      "Use consecutive5xxErrors or consecutiveGatewayErrors.",
    );
  }
  if (!outlier.splitExternalLocalOriginErrors && (outlier.consecutiveLocalOriginFailures ?? 0) > 0) {
    reporter.report(
      "SL0293",
      [...at, "consecutiveLocalOriginFailures"],
      "it has no effect without splitExternalLocalOriginErrors: true",
    );
  }
  for (const field of ["maxEjectionPercent", "minHealthPercent"] as const) {
    const value = outlier[field];
    if (value !== undefined && (value < 0 || value > 100)) {
      reporter.report("SL0233", [...at, field], `${value} is not a valid percentage`, "Use 0 to 100.");
    }
  }
}

function checkConnectionPool(
  reporter: Reporter,
  policy: Omit<PortTrafficPolicy, "port">,
  path: FieldPath,
): void {
  const pool = policy.connectionPool;
  if (!pool) {
    return;
  }
  const at = [...path, "connectionPool"];
  if (!pool.tcp && !pool.http) {
    reporter.report("SL0290", at, "the connection pool is empty; set tcp or http");
  }
  const limit = (value: number | undefined, place: FieldPath): void => {
    if (value !== undefined && value < 0) {
      reporter.report("SL0293", place, `${value} is negative`);
    }
  };
  if (pool.http) {
    const { http } = pool;
    for (const field of [
      "http1MaxPendingRequests",
      "http2MaxRequests",
      "maxRequestsPerConnection",
      "maxRetries",
      "maxConcurrentStreams",
    ] as const) {
      limit(http[field], [...at, "http", field]);
    }
    checkDuration(reporter, http.idleTimeout, [...at, "http", "idleTimeout"]);
    if (http.useClientProtocol && http.h2UpgradePolicy === "UPGRADE") {
      reporter.report(
        "SL0293",
        [...at, "http", "h2UpgradePolicy"],
        "useClientProtocol keeps the client's protocol, so it cannot be upgraded",
      );
    }
    const alive = http.http2KeepAlive;
    if (alive) {
      for (const field of ["interval", "timeout"] as const) {
        if (alive[field] === undefined) {
          reporter.report("SL0293", [...at, "http", "http2KeepAlive"], `${field} is missing`);
        }
        checkDuration(reporter, alive[field], [...at, "http", "http2KeepAlive", field]);
      }
    }
  }
  if (pool.tcp) {
    const { tcp } = pool;
    limit(tcp.maxConnections, [...at, "tcp", "maxConnections"]);
    checkDuration(reporter, tcp.connectTimeout, [...at, "tcp", "connectTimeout"]);
    checkDuration(reporter, tcp.maxConnectionDuration, [...at, "tcp", "maxConnectionDuration"]);
    // What is no millisecond long turns it off.
    if (Math.abs(parseDuration(tcp.idleTimeout ?? "") ?? 1) >= 1) {
      checkDuration(reporter, tcp.idleTimeout, [...at, "tcp", "idleTimeout"]);
    }
    limit(tcp.tcpKeepalive?.probes, [...at, "tcp", "tcpKeepalive", "probes"]);
    checkDuration(reporter, tcp.tcpKeepalive?.time, [...at, "tcp", "tcpKeepalive", "time"]);
    checkDuration(reporter, tcp.tcpKeepalive?.interval, [...at, "tcp", "tcpKeepalive", "interval"]);
  }
}

function checkTls(reporter: Reporter, { tls }: Omit<PortTrafficPolicy, "port">, path: FieldPath): void {
  if (!tls) {
    return;
  }
  const at = [...path, "tls"];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
  if (/[\u0000-\u001f\u007f]/.test(tls.sni ?? "")) {
    reporter.report("SL0203", [...at, "sni"], `${quote(tls.sni!)} contains a control character`);
  }
  const credential = tls.credentialName ?? "";
  const map = /^configmap:\/\/([^/]*)(?:\/([^/]*))?/.exec(credential);
  if (map && !(map[1] === reporter.resource.namespace && map[2])) {
    reporter.report(
      "SL0296",
      [...at, "credentialName"],
      `${quote(credential)} is not a ConfigMap of this namespace`,
      `Use configmap://${reporter.resource.namespace}/NAME.`,
    );
  }
  if (tls.mode !== "SIMPLE" && tls.mode !== "MUTUAL") {
    return;
  }
  if (tls.insecureSkipVerify) {
    for (const field of ["caCertificates", "subjectAltNames"] as const) {
      if (tls[field]?.length) {
        reporter.report(
          "SL0296",
          [...at, field],
          "it has no effect, since insecureSkipVerify: true turns verification off",
        );
      }
    }
    if (credential !== "" && tls.mode === "SIMPLE") {
      reporter.report(
        "SL0296",
        [...at, "credentialName"],
        "it has no effect, since insecureSkipVerify: true turns verification off",
      );
    }
  }
  if (credential !== "") {
    for (const field of ["clientCertificate", "privateKey", "caCertificates", "caCrl"] as const) {
      if (tls[field]) {
        reporter.report(
          "SL0296",
          [...at, field],
          "credentialName provides it already; remove one of the two",
        );
      }
    }
  } else if (tls.mode === "MUTUAL") {
    for (const field of ["clientCertificate", "privateKey"] as const) {
      if (!tls[field]) {
        reporter.report("SL0296", at, `MUTUAL needs ${field} or a credentialName`);
      }
    }
  }
}
