/** One ServiceEntry by itself. Source: istiod's `ValidateServiceEntry` and `agent.ValidateWorkloadEntry`. */

import { isIP } from "node:net";
import type { FieldPath, Resource } from "../resource.ts";
import type { ServiceEntrySpec, WorkloadEntrySpec } from "../types.ts";
import { unixSocketPath } from "../unix-sockets.ts";
import { type Check, each } from "./check.ts";
import { checkExportTo, checkLabels, checkPort, hostError, isDnsLabel, quote } from "./common.ts";
import { checkSelectorLabels } from "./destination-rule.ts";
import { isSubnet } from "./l4-route.ts";
import { isHttp, isKnownProtocol, isTls, PROTOCOLS } from "./protocols.ts";

export function validateServiceEntry(check: Check, { spec, labels }: Resource<ServiceEntrySpec>): void {
  const resolution = spec.resolution ?? "NONE";
  checkHosts(check, spec, resolution);
  checkAddresses(check, spec, resolution);
  checkPorts(check, spec, resolution, labels);
  checkSelector(check, spec);
  checkResolution(check, spec, resolution);
  if ((spec.hosts?.length ?? 0) > 1 && resolution !== "NONE") {
    each(spec.ports, ["spec", "ports"], (port, path) => {
      if (port && !isHttp(port.protocol) && !isTls(port.protocol)) {
        check.report(
          "SL0286",
          path,
          "several hosts on a TCP port cannot be told apart",
          "Give each host a ServiceEntry.",
        );
      }
    });
  }
  checkExportTo(check, spec.exportTo, true);
}

function checkHosts(check: Check, spec: ServiceEntrySpec, resolution: string): void {
  if (!spec.hosts?.length) check.report("SL0280", ["spec"], "there are no hosts");
  each(spec.hosts, ["spec", "hosts"], (host, path) => {
    const wrong = host === "*" ? "a host that is everything cannot be registered" : hostError(host, true);
    if (wrong !== undefined) {
      check.report("SL0203", path, `${quote(host)}: ${wrong}`);
    } else if (/^\*[^.]/.test(host) && resolution !== "DYNAMIC_DNS") {
      check.report(
        "SL0281",
        path,
        `${quote(host)} is a wildcard within a label, which few proxies match`,
        "Write `*.domain`.",
      );
    }
  });
}

function checkAddresses(check: Check, spec: ServiceEntrySpec, resolution: string): void {
  each(spec.addresses, ["spec", "addresses"], (address, path) => {
    if (!isSubnet(address))
      check.report("SL0262", path, `${quote(address)} is neither an address nor a CIDR`);
    else if (address.includes("/") && resolution !== "NONE" && resolution !== "STATIC") {
      check.report("SL0282", path, `a CIDR needs resolution NONE or STATIC, not ${resolution}`);
    }
  });
}

function checkPorts(
  check: Check,
  spec: ServiceEntrySpec,
  resolution: string,
  labels: Readonly<Record<string, string>>,
): void {
  const names = new Set<string>();
  const numbers = new Set<number>();
  // Istio allocates addresses by itself where a name has to be resolved.
  const allocated =
    resolution !== "NONE" &&
    labels["networking.istio.io/enable-autoallocate-ip"] !== "false" &&
    !(spec.hosts ?? []).some((host) => host.startsWith("*"));
  each(spec.ports, ["spec", "ports"], (port, path) => {
    if (!port) {
      check.report("SL0283", path, "the port is empty");
      return;
    }
    if (names.has(port.name))
      check.report("SL0283", [...path, "name"], `a port ${quote(port.name)} is there already`);
    if (numbers.has(port.number))
      check.report("SL0283", [...path, "number"], `port ${port.number} is there already`);
    names.add(port.name);
    numbers.add(port.number);
    if (!isDnsLabel(port.name ?? ""))
      check.report("SL0283", [...path, "name"], `${quote(port.name ?? "")} is no port name`);
    checkPort(check, port.number ?? 0, [...path, "number"]);
    if (port.targetPort !== undefined && port.targetPort !== 0)
      checkPort(check, port.targetPort, [...path, "targetPort"]);
    if (!isKnownProtocol(port.protocol ?? "", false)) {
      check.report(
        "SL0284",
        [...path, "protocol"],
        `${quote(port.protocol!)} is no protocol`,
        `Write one of ${PROTOCOLS.join(", ")}.`,
      );
    } else if (!spec.addresses?.length && !allocated && !isHttp(port.protocol) && !isTls(port.protocol)) {
      check.report(
        "SL0285",
        path,
        "a TCP port without addresses takes the traffic of every service on it",
        "Give the entry addresses.",
      );
    }
  });
}

function checkSelector(check: Check, spec: ServiceEntrySpec): void {
  if (spec.workloadSelector === undefined) return;
  const path = ["spec", "workloadSelector"];
  if ((spec.endpoints?.length ?? 0) > 0) {
    check.report("SL0287", path, "an entry has endpoints or a workloadSelector, not both");
  }
  const labels = spec.workloadSelector.labels ?? {};
  if (Object.keys(labels).length === 0)
    check.report("SL0294", path, "it selects every workload of the namespace");
  checkSelectorLabels(check, labels, path);
}

function checkResolution(check: Check, spec: ServiceEntrySpec, resolution: string): void {
  const endpoints = spec.endpoints ?? [];
  const list: FieldPath = ["spec", "endpoints"];
  const at: FieldPath = ["spec", "resolution"];
  switch (resolution) {
    case "NONE":
      if (endpoints.length > 0) {
        check.report(
          "SL0288",
          list,
          "with resolution NONE a request goes where it was sent; endpoints are not asked",
          "Use STATIC or DNS.",
        );
      } else if (spec.workloadSelector) {
        check.report("SL0294", ["spec", "workloadSelector"], "with resolution NONE no workload is asked");
      }
      break;
    case "STATIC":
      each(endpoints, list, (endpoint, path) => checkEndpoint(check, spec, endpoint, path, true));
      break;
    case "DNS":
    case "DNS_ROUND_ROBIN":
      if (endpoints.length === 0 && !spec.workloadSelector) {
        each(spec.hosts, ["spec", "hosts"], (host, path) => {
          if (hostError(host, false) !== undefined) {
            check.report(
              "SL0288",
              path,
              `${quote(host)} cannot be resolved by DNS`,
              "Give the entry endpoints, or name one host.",
            );
          }
        });
      }
      if (resolution === "DNS_ROUND_ROBIN" && endpoints.length > 1) {
        check.report("SL0288", list, "DNS_ROUND_ROBIN resolves one endpoint");
      }
      each(endpoints, list, (endpoint, path) => checkEndpoint(check, spec, endpoint, path, false));
      if (
        (spec.addresses?.length ?? 0) > 0 &&
        (spec.hosts?.length ?? 0) > 1 &&
        spec.ports?.some((port) => !isHttp(port.protocol))
      ) {
        check.report(
          "SL0289",
          ["spec", "addresses"],
          "several hosts share the addresses; on TCP only the first is reached",
        );
      }
      break;
    case "DYNAMIC_DNS":
      each(spec.hosts, ["spec", "hosts"], (host, path) => {
        if (!host.startsWith("*"))
          check.report("SL0288", path, "DYNAMIC_DNS is for wildcard hosts", "Use DNS.");
      });
      for (const field of ["addresses", "endpoints"] as const) {
        if ((spec[field]?.length ?? 0) > 0)
          check.report("SL0288", ["spec", field], `DYNAMIC_DNS has no ${field}`);
      }
      each(spec.ports, ["spec", "ports"], (port, path) => {
        if (!["HTTP", "TLS", "GRPC", "HTTP2"].includes((port?.protocol ?? "").toUpperCase())) {
          check.report("SL0288", [...path, "protocol"], "DYNAMIC_DNS is for HTTP, HTTP2, GRPC and TLS");
        }
      });
      if (spec.location === "MESH_INTERNAL" && check.resource.labels["istio.io/use-waypoint"]) {
        check.report("SL0288", ["spec", "location"], "DYNAMIC_DNS within the mesh cannot use a waypoint");
      }
      break;
    default:
      check.report("SL0288", at, `${quote(resolution)} is no resolution`);
  }
}

function checkEndpoint(
  check: Check,
  spec: ServiceEntrySpec,
  endpoint: WorkloadEntrySpec,
  path: FieldPath,
  fixed: boolean,
): void {
  const address = endpoint?.address ?? "";
  const at = [...path, "address"];
  const socket = unixSocketPath(address);
  if (fixed && socket !== undefined) {
    if (!socket.startsWith("/") && !socket.startsWith("@"))
      check.report("SL0287", at, `${quote(socket)} is no absolute path`);
    if (Object.keys(endpoint.ports ?? {}).length > 0)
      check.report("SL0287", [...path, "ports"], "a unix socket has no ports");
    if ((spec.ports?.length ?? 0) !== 1)
      check.report("SL0287", at, "a unix socket serves an entry of exactly one port");
    return;
  }
  if (address === "") {
    if (!endpoint?.network || !fixed) check.report("SL0287", path, "the endpoint has no address");
    else check.report("SL0294", path, "the endpoint has only a network and no address");
  } else if (fixed ? isIP(address) === 0 : isIP(address) === 0 && hostError(address, false) !== undefined) {
    check.report(
      "SL0287",
      at,
      `${quote(address)} is no ${fixed ? "IP address" : "IP address and no host name"}`,
    );
  }
  checkLabels(check, endpoint?.labels, [...path, "labels"]);
  const names = new Set((spec.ports ?? []).map((port) => port.name));
  for (const [name, port] of Object.entries(endpoint?.ports ?? {})) {
    if (!names.has(name))
      check.report("SL0287", [...path, "ports", name], `the entry has no port named ${quote(name)}`);
    checkPort(check, port, [...path, "ports", name]);
  }
}
