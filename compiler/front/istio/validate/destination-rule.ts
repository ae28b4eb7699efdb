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
import { type Check, each } from "./reporter.ts";

export function validateDestinationRule(check: Check, { spec }: Resource<DestinationRuleSpec>): void {
  checkHost(check, spec.host, ["spec", "host"]);
  checkTrafficPolicy(check, spec.trafficPolicy, ["spec", "trafficPolicy"], true);
  const names = new Set<string>();
  each(spec.subsets, ["spec", "subsets"], (subset, path) => {
    const name = subset?.name ?? "";
    if (names.has(name)) {
      check.report("SL0225", [...path, "name"], `a subset ${quote(name)} is there already`);
    }
    names.add(name);
    if (!isDnsLabel(name)) {
      check.report("SL0225", [...path, "name"], `${quote(name)} is no subset name`);
    }
    checkLabels(check, subset?.labels, [...path, "labels"]);
    checkTrafficPolicy(check, subset?.trafficPolicy, [...path, "trafficPolicy"], false);
  });
  checkExportTo(check, spec.exportTo);
  checkWorkloadSelector(check, spec);
}

function checkWorkloadSelector(check: Check, spec: DestinationRuleSpec): void {
  if (spec.workloadSelector === undefined) {
    return;
  }
  const path = ["spec", "workloadSelector"];
  if ((spec.exportTo?.length ?? 0) > 0) {
    const own = spec.exportTo!.length === 1 && [".", check.resource.namespace].includes(spec.exportTo![0]!);
    if (!own) {
      check.report(
        "SL0206",
        ["spec", "exportTo"],
        "with a workloadSelector the rule is for its own namespace only",
        'Write exportTo: ["."].',
      );
    }
  }
  if (Object.keys(spec.workloadSelector.matchLabels ?? {}).length === 0) {
    check.report("SL0294", path, "it selects every workload of the namespace");
  }
  checkSelectorLabels(check, spec.workloadSelector.matchLabels ?? {}, [...path, "matchLabels"]);
}

/** Labels of a workload selector: no wildcard, no empty key. */
export function checkSelectorLabels(
  check: Check,
  labels: Readonly<Record<string, string>>,
  path: FieldPath,
): void {
  for (const [key, value] of Object.entries(labels)) {
    if (key === "") {
      check.report("SL0205", path, "a label without a name");
    } else if (key.includes("*") || value.includes("*")) {
      check.report(
        "SL0205",
        [...path, key],
        `${quote(`${key}=${value}`)} has a wildcard`,
        "A selector compares whole values.",
      );
    }
  }
}

/** `top`: warnings of subsets and ports do not reach Istio's users, so neither ours. */
function checkTrafficPolicy(
  check: Check,
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
    check.report("SL0290", path, "the policy is empty", "Leave it out, or set something in it.");
  }
  if (policy.tunnel && policy.proxyProtocol) {
    check.report("SL0291", [...path, "proxyProtocol"], "a policy has tunnel or proxyProtocol, not both");
  }
  const { tunnel } = policy;
  if (tunnel) {
    if (tunnel.protocol && tunnel.protocol !== "CONNECT" && tunnel.protocol !== "POST") {
      check.report(
        "SL0291",
        [...path, "tunnel", "protocol"],
        `${quote(tunnel.protocol)} is neither CONNECT nor POST`,
      );
    }
    const host = tunnel.targetHost ?? "";
    if (isIP(host) === 0 && hostError(host, false) !== undefined) {
      check.report(
        "SL0291",
        [...path, "tunnel", "targetHost"],
        `${quote(host)} is neither a host name nor an address`,
      );
    }
    checkPort(check, tunnel.targetPort ?? 0, [...path, "tunnel", "targetPort"]);
  }
  checkBlocks(check, policy, path, top);
  each(policy.portLevelSettings, [...path, "portLevelSettings"], (port, at) => {
    if (!port?.port) {
      check.report("SL0292", at, "no port is named");
    }
    if (!port?.loadBalancer && !port?.connectionPool && !port?.outlierDetection && !port?.tls) {
      check.report(
        "SL0290",
        at,
        "the policy is empty",
        "Give it loadBalancer, connectionPool, outlierDetection or tls.",
      );
    }
    if (port) {
      checkBlocks(check, port, at, false);
    }
  });
}

function checkBlocks(
  check: Check,
  policy: Omit<PortTrafficPolicy, "port">,
  path: FieldPath,
  top: boolean,
): void {
  checkOutlierDetection(check, policy, path, top);
  checkConnectionPool(check, policy, path);
  checkLoadBalancer(
    check,
    policy.loadBalancer,
    [...path, "loadBalancer"],
    policy.outlierDetection !== undefined,
    top,
  );
  checkTls(check, policy, path);
}

function checkOutlierDetection(
  check: Check,
  policy: Omit<PortTrafficPolicy, "port">,
  path: FieldPath,
  top: boolean,
): void {
  const outlier = policy.outlierDetection;
  if (!outlier) {
    return;
  }
  const at = [...path, "outlierDetection"];
  checkDuration(check, outlier.interval, [...at, "interval"]);
  checkDuration(check, outlier.baseEjectionTime, [...at, "baseEjectionTime"]);
  if (outlier.consecutiveErrors && top) {
    check.report(
      "SL0295",
      [...at, "consecutiveErrors"],
      "consecutiveErrors is deprecated and does nothing",
      "Use consecutive5xxErrors or consecutiveGatewayErrors.",
    );
  }
  if (!outlier.splitExternalLocalOriginErrors && (outlier.consecutiveLocalOriginFailures ?? 0) > 0) {
    check.report(
      "SL0293",
      [...at, "consecutiveLocalOriginFailures"],
      "it counts only with splitExternalLocalOriginErrors: true",
    );
  }
  for (const field of ["maxEjectionPercent", "minHealthPercent"] as const) {
    const value = outlier[field];
    if (value !== undefined && (value < 0 || value > 100)) {
      check.report("SL0233", [...at, field], `${value} is no percentage`, "Use 0 to 100.");
    }
  }
}

function checkConnectionPool(check: Check, policy: Omit<PortTrafficPolicy, "port">, path: FieldPath): void {
  const pool = policy.connectionPool;
  if (!pool) {
    return;
  }
  const at = [...path, "connectionPool"];
  if (!pool.tcp && !pool.http) {
    check.report("SL0290", at, "neither tcp nor http is set");
  }
  const limit = (value: number | undefined, place: FieldPath): void => {
    if (value !== undefined && value < 0) {
      check.report("SL0293", place, `${value} is below 0`);
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
    checkDuration(check, http.idleTimeout, [...at, "http", "idleTimeout"]);
    if (http.useClientProtocol && http.h2UpgradePolicy === "UPGRADE") {
      check.report(
        "SL0293",
        [...at, "http", "h2UpgradePolicy"],
        "the client's protocol is kept, so it cannot be upgraded",
      );
    }
    const alive = http.http2KeepAlive;
    if (alive) {
      for (const field of ["interval", "timeout"] as const) {
        if (alive[field] === undefined) {
          check.report("SL0293", [...at, "http", "http2KeepAlive"], `${field} is missing`);
        }
        checkDuration(check, alive[field], [...at, "http", "http2KeepAlive", field]);
      }
    }
  }
  if (pool.tcp) {
    const { tcp } = pool;
    limit(tcp.maxConnections, [...at, "tcp", "maxConnections"]);
    checkDuration(check, tcp.connectTimeout, [...at, "tcp", "connectTimeout"]);
    checkDuration(check, tcp.maxConnectionDuration, [...at, "tcp", "maxConnectionDuration"]);
    // What is no millisecond long turns it off.
    if (Math.abs(parseDuration(tcp.idleTimeout ?? "") ?? 1) >= 1) {
      checkDuration(check, tcp.idleTimeout, [...at, "tcp", "idleTimeout"]);
    }
    limit(tcp.tcpKeepalive?.probes, [...at, "tcp", "tcpKeepalive", "probes"]);
    checkDuration(check, tcp.tcpKeepalive?.time, [...at, "tcp", "tcpKeepalive", "time"]);
    checkDuration(check, tcp.tcpKeepalive?.interval, [...at, "tcp", "tcpKeepalive", "interval"]);
  }
}

function checkTls(check: Check, { tls }: Omit<PortTrafficPolicy, "port">, path: FieldPath): void {
  if (!tls) {
    return;
  }
  const at = [...path, "tls"];
  const credential = tls.credentialName ?? "";
  const map = /^configmap:\/\/([^/]*)(?:\/([^/]*))?/.exec(credential);
  if (map && !(map[1] === check.resource.namespace && map[2])) {
    check.report(
      "SL0296",
      [...at, "credentialName"],
      `${quote(credential)} is no ConfigMap of this namespace`,
      `Write configmap://${check.resource.namespace}/NAME.`,
    );
  }
  if (tls.mode !== "SIMPLE" && tls.mode !== "MUTUAL") {
    return;
  }
  if (tls.insecureSkipVerify) {
    for (const field of ["caCertificates", "subjectAltNames"] as const) {
      if (tls[field]?.length) {
        check.report("SL0296", [...at, field], "nothing is verified with insecureSkipVerify: true");
      }
    }
    if (credential !== "" && tls.mode === "SIMPLE") {
      check.report("SL0296", [...at, "credentialName"], "nothing is verified with insecureSkipVerify: true");
    }
  }
  if (credential !== "") {
    for (const field of ["clientCertificate", "privateKey", "caCertificates", "caCrl"] as const) {
      if (tls[field]) {
        check.report("SL0296", [...at, field], `credentialName gives it already`);
      }
    }
  } else if (tls.mode === "MUTUAL") {
    for (const field of ["clientCertificate", "privateKey"] as const) {
      if (!tls[field]) {
        check.report("SL0296", at, `MUTUAL needs ${field}, or a credentialName`);
      }
    }
  }
}
