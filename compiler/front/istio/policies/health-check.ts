/** The annotation `sluice.dev/health-check`, as a cluster has it. */

import { isLookedUp } from "../../../ir/discovery.ts";
import type { HealthCheck } from "../../../ir/health-check.ts";
import type { Cluster } from "../../../ir/ir.ts";
import { HEALTH_CHECK, type WrittenCheck } from "../../resources/health-check.ts";
import type { ClusterUse } from "../../services/cluster-uses.ts";
import { isWildcard } from "../../services/host-names.ts";
import type { Report } from "../../services/report.ts";
import type { PlacedCheck } from "../destination-rules/destination-rules.ts";

/** What of a cluster decides how it can be checked. */
type Checked = Pick<Cluster, "discovery" | "protocol">;

/** `{}`: it is not checked. Where it should be and cannot, that is said. */
export function lowerHealthCheck(
  placed: PlacedCheck | undefined,
  { service: { host }, port, passesTls }: Pick<ClusterUse, "service" | "port" | "passesTls">,
  cluster: Checked,
  report: Report,
): Pick<Cluster, "healthCheck"> {
  if (placed === undefined) {
    return {};
  }
  const { check, span } = placed;
  if (isLookedUp(cluster.discovery.kind)) {
    report(
      "SL0301",
      `not supported: ${HEALTH_CHECK} for "${host}", whose requests go where each of them says: there are no endpoints to check`,
      span,
    );
    return {};
  }
  if (passesTls !== undefined && check.asks !== "tcp") {
    report(
      "SL0932",
      `port ${port} of "${host}" is not checked where TLS is passed on as it comes: nothing but tcp can be asked there`,
      span,
      () => ({ help: "Use a check of kind tcp, or one at the Gateway that the TLS is meant for." }),
    );
    return {};
  }
  if (check.asks === "grpc" && (cluster.protocol === "http1" || cluster.protocol === "tcp")) {
    report(
      "SL0932",
      `port ${port} of "${host}" is not checked: a check of kind grpc needs HTTP/2, and the port speaks ${cluster.protocol === "tcp" ? "TCP" : "HTTP/1.1"}`,
      span,
      () => ({ help: "Name the port grpc or http2, set h2UpgradePolicy: UPGRADE, or use another kind." }),
    );
    return {};
  }
  const { intervalMs, timeoutMs, unhealthyThreshold, healthyThreshold, panicPercent } = check;
  return {
    healthCheck: {
      asks: lowerQuestion(check, check.host ?? askableName(host), cluster.protocol),
      intervalMs,
      timeoutMs,
      unhealthyThreshold,
      healthyThreshold,
      ...(panicPercent !== undefined && { panicPercent }),
    },
  };
}

/** A wildcard's own part: `*` itself cannot be asked for. */
function askableName(host: string): string {
  return isWildcard(host) ? host.replace(/^\*[.-]?/, "") || "localhost" : host;
}

function lowerQuestion(
  { asks, path, service, statuses, port }: WrittenCheck,
  host: string,
  protocol: Cluster["protocol"],
): HealthCheck["asks"] {
  switch (asks) {
    case "tcp":
      return { protocol: "tcp" };
    case "grpc":
      return { protocol: "grpc", ...(service !== undefined && { service }), host };
    default: {
      // What another port speaks nobody knows.
      const isHttp2 = asks === "http2" || (protocol === "http2" && port === undefined);
      return { protocol: isHttp2 ? "http2" : "http1", path, host, statuses };
    }
  }
}
