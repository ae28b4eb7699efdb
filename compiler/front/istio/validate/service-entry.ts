/** One ServiceEntry by itself. Source: istiod's `ValidateServiceEntry`, and the rules of its schema. */

import type { FieldPath, Resource } from "../../resources/resource.ts";
import type { ServiceEntrySpec } from "../../resources/types.ts";
import { checkExportTo, checkPort, hostError, isDnsLabel, quote } from "./common.ts";
import { checkSelectorLabels } from "./destination-rule.ts";
import { isSubnet } from "./l4-route.ts";
import { isHttp, isKnownProtocol, isTcp, isTls, PROTOCOLS } from "./protocols.ts";
import { each, type Reporter } from "./reporter.ts";
import { checkWorkload } from "./workload-entry.ts";

export function validateServiceEntry(reporter: Reporter, { spec, labels }: Resource<ServiceEntrySpec>): void {
  const resolution = spec.resolution ?? "NONE";
  checkHosts(reporter, spec, resolution);
  checkAddresses(reporter, spec, resolution);
  checkPorts(reporter, spec, resolution, labels);
  checkSelector(reporter, spec);
  checkResolution(reporter, spec, resolution);
  if ((spec.hosts?.length ?? 0) > 1 && resolution !== "NONE") {
    each(spec.ports, ["spec", "ports"], (port, path) => {
      if (port && !isHttp(port.protocol) && !isTls(port.protocol)) {
        reporter.report(
          "SL0286",
          path,
          "several hosts on a TCP port cannot be told apart",
          "Write one ServiceEntry for each host.",
        );
      }
    });
  }
  checkExportTo(reporter, spec.exportTo, true);
}

function checkHosts(reporter: Reporter, spec: ServiceEntrySpec, resolution: string): void {
  if (!spec.hosts?.length) {
    reporter.report("SL0280", ["spec"], "the ServiceEntry has no hosts");
  }
  each(spec.hosts, ["spec", "hosts"], (host, path) => {
    const wrong = host === "*" ? 'the host "*" cannot be registered' : hostError(host, true);
    if (wrong !== undefined) {
      reporter.report("SL0203", path, `${quote(host)}: ${wrong}`);
    } else if (/^\*[^.]/.test(host) && resolution !== "DYNAMIC_DNS") {
      reporter.report(
        "SL0281",
        path,
        `${quote(host)} has a wildcard inside a label, which few proxies match`,
        "Use `*.domain`.",
      );
    }
  });
}

function checkAddresses(reporter: Reporter, spec: ServiceEntrySpec, resolution: string): void {
  each(spec.addresses, ["spec", "addresses"], (address, path) => {
    if (!isSubnet(address)) {
      reporter.report("SL0262", path, `${quote(address)} is neither an IP address nor a CIDR range`);
    } else if (address.includes("/") && resolution !== "NONE" && resolution !== "STATIC") {
      reporter.report("SL0282", path, `a CIDR range needs resolution NONE or STATIC, not ${resolution}`);
    }
  });
}

function checkPorts(
  reporter: Reporter,
  spec: ServiceEntrySpec,
  resolution: string,
  labels: Readonly<Record<string, string>>,
): void {
  const names = new Set<string>();
  const numbers = new Set<number>();
  // Istio allocates addresses by itself where a name has to be resolved.
  const allocated =
    resolution !== "NONE" && labels["networking.istio.io/enable-autoallocate-ip"]?.toLowerCase() !== "false";
  each(spec.ports, ["spec", "ports"], (port, path) => {
    if (!port) {
      reporter.report("SL0283", path, "the port is empty");
      return;
    }
    if (names.has(port.name)) {
      reporter.report("SL0283", [...path, "name"], `there are two ports named ${quote(port.name)}`);
    }
    if (numbers.has(port.number)) {
      reporter.report("SL0283", [...path, "number"], `port ${port.number} is listed twice`);
    }
    names.add(port.name);
    numbers.add(port.number);
    if (!isDnsLabel(port.name ?? "")) {
      reporter.report("SL0283", [...path, "name"], `${quote(port.name ?? "")} is not a valid port name`);
    }
    checkPort(reporter, port.number ?? 0, [...path, "number"]);
    checkPort(reporter, port.targetPort, [...path, "targetPort"]);
    if (!isKnownProtocol(port.protocol ?? "", false)) {
      reporter.report(
        "SL0284",
        [...path, "protocol"],
        `${quote(port.protocol!)} is not a valid protocol`,
        `Use one of ${PROTOCOLS.join(", ")}.`,
      );
    } else if (!spec.addresses?.length && !allocated && ["", "TCP"].includes(port.protocol ?? "")) {
      reporter.report(
        "SL0285",
        path,
        "a TCP port without addresses gets the traffic of every service on this port",
        "Add addresses to the ServiceEntry.",
      );
    }
  });
}

function checkSelector(reporter: Reporter, spec: ServiceEntrySpec): void {
  if (spec.workloadSelector === undefined) {
    return;
  }
  const path = ["spec", "workloadSelector"];
  if (spec.endpoints !== undefined) {
    reporter.report("SL0287", path, "endpoints and workloadSelector cannot be combined");
  }
  const labels = spec.workloadSelector.labels ?? {};
  if (Object.keys(labels).length === 0) {
    reporter.report("SL0294", path, "it is empty and selects every workload of the namespace");
  }
  checkSelectorLabels(reporter, labels, [...path, "labels"]);
}

function checkResolution(reporter: Reporter, spec: ServiceEntrySpec, resolution: string): void {
  const endpoints = spec.endpoints ?? [];
  const portNames = new Set((spec.ports ?? []).map((port) => port?.name));
  const list: FieldPath = ["spec", "endpoints"];
  const at: FieldPath = ["spec", "resolution"];
  switch (resolution) {
    case "NONE":
      if (spec.endpoints !== undefined) {
        reporter.report(
          "SL0288",
          list,
          "with resolution NONE, a request goes to its original address, and endpoints are not used",
          "Use STATIC or DNS.",
        );
      } else if (spec.workloadSelector) {
        reporter.report(
          "SL0294",
          ["spec", "workloadSelector"],
          "with resolution NONE, a request goes to its original address, and workloads are not used",
        );
      }
      break;
    case "STATIC":
      each(endpoints, list, (endpoint, path) => checkWorkload(reporter, endpoint, path, "fixed", portNames));
      break;
    case "DNS":
    case "DNS_ROUND_ROBIN":
      if (endpoints.length === 0) {
        each(spec.hosts, ["spec", "hosts"], (host, path) => {
          if (hostError(host, false) !== undefined) {
            reporter.report(
              "SL0288",
              path,
              `DNS cannot resolve ${quote(host)}`,
              "Add endpoints to the ServiceEntry, or use a host without a wildcard.",
            );
          }
        });
      }
      if (resolution === "DNS_ROUND_ROBIN" && endpoints.length > 1) {
        reporter.report("SL0288", list, "DNS_ROUND_ROBIN allows only one endpoint");
      }
      each(endpoints, list, (endpoint, path) =>
        checkWorkload(reporter, endpoint, path, "resolved", portNames),
      );
      if (
        (spec.addresses?.length ?? 0) > 0 &&
        (spec.hosts?.length ?? 0) > 1 &&
        spec.ports?.some((port) => isTcp(port.protocol))
      ) {
        reporter.report(
          "SL0289",
          ["spec", "addresses"],
          "several hosts share the addresses; on TCP, only the first is reached",
        );
      }
      break;
    case "DYNAMIC_DNS":
      each(spec.hosts, ["spec", "hosts"], (host, path) => {
        if (!host.startsWith("*")) {
          reporter.report("SL0288", path, "DYNAMIC_DNS needs a wildcard host", "Use DNS.");
        }
      });
      for (const field of ["addresses", "endpoints"] as const) {
        if ((spec[field]?.length ?? 0) > 0) {
          reporter.report("SL0288", ["spec", field], `DYNAMIC_DNS does not allow ${field}`);
        }
      }
      each(spec.ports, ["spec", "ports"], (port, path) => {
        if (!["HTTP", "TLS", "GRPC", "HTTP2"].includes((port?.protocol ?? "").toUpperCase())) {
          reporter.report(
            "SL0288",
            [...path, "protocol"],
            "DYNAMIC_DNS supports only HTTP, HTTP2, GRPC and TLS",
          );
        }
      });
      if (spec.location === "MESH_INTERNAL" && usesWaypoint(reporter)) {
        reporter.report("SL0288", ["spec", "location"], "DYNAMIC_DNS within the mesh cannot use a waypoint");
      }
      break;
    default:
      reporter.report("SL0288", at, `${quote(resolution)} is not a valid resolution`);
  }
}

function usesWaypoint({ resource }: Reporter): boolean {
  const waypoint = resource.labels["istio.io/use-waypoint"] ?? "";
  return waypoint !== "" && waypoint.toLowerCase() !== "none";
}
