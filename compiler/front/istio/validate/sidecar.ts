/** One Sidecar by itself. Source: istiod's `ValidateSidecar`, of what is for connections that go out. */

import type { FieldPath, Resource } from "../../resources/resource.ts";
import type { SidecarSpec } from "../../resources/types.ts";
import { checkLabels, checkPort, hostError, isDnsLabel, quote } from "./common.ts";
import { each, type Reporter } from "./reporter.ts";

export function validateSidecar(reporter: Reporter, { spec, namespace }: Resource<SidecarSpec>): void {
  const { workloadSelector, egress, ingress, outboundTrafficPolicy, inboundConnectionPool } = spec;
  if (
    !egress?.length &&
    !ingress?.length &&
    outboundTrafficPolicy === undefined &&
    inboundConnectionPool === undefined
  ) {
    reporter.report("SL0290", ["spec"], "the Sidecar says nothing");
  }
  if (workloadSelector !== undefined && Object.keys(workloadSelector.labels ?? {}).length === 0) {
    reporter.report(
      "SL0294",
      ["spec", "workloadSelector"],
      "a selector without labels selects every workload of the namespace",
    );
  }
  checkLabels(reporter, workloadSelector?.labels, ["spec", "workloadSelector", "labels"]);
  each(egress, ["spec", "egress"], (listener, path, index) => {
    if (listener.port === undefined && index < egress!.length - 1) {
      reporter.report("SL0930", path, "only the last egress listener may have no port");
    }
    checkPort(reporter, listener.port?.number, [...path, "port", "number"]);
    if (listener.hosts.length === 0) {
      reporter.report("SL0930", [...path, "hosts"], "the egress listener has no hosts");
    }
    const seen = new Map<string, Set<string>>();
    each(listener.hosts, [...path, "hosts"], (host, at) => {
      if (checkEgressHost(reporter, host, at) && !host.startsWith("~")) {
        reportTwice(reporter, host, at, seen, namespace);
      }
    });
  });
}

/** `namespace/host`: `*`, `.`, or a namespace, with `~` before it for what is left out; and a host, which may begin with `*`. */
function checkEgressHost(reporter: Reporter, host: string, path: FieldPath): boolean {
  const parts = host.split("/");
  if (parts.length !== 2 || parts.includes("")) {
    reporter.report(
      "SL0930",
      path,
      `${quote(host)} is not namespace/host`,
      "Use ./* for this namespace, */* for all, or a namespace and a full host name.",
    );
    return false;
  }
  const [from, name] = parts as [string, string];
  const namespace = from.replace(/^~/, "");
  if (!["", "*", "."].includes(namespace) && !isDnsLabel(namespace)) {
    reporter.report("SL0930", path, `${quote(from)} is not a valid namespace`);
    return false;
  }
  if (name === "*") {
    return true;
  }
  const problem = name.includes(".")
    ? hostError(name, true)
    : `${quote(name)} is a short name, which a Sidecar does not expand`;
  if (problem !== undefined) {
    reporter.report("SL0930", path, `${quote(host)}: ${problem}`);
  }
  return problem === undefined;
}

/** What another entry of the listener says already. */
function reportTwice(
  reporter: Reporter,
  host: string,
  path: FieldPath,
  seen: Map<string, Set<string>>,
  own: string,
): void {
  const [from, name] = host.split("/") as [string, string];
  const namespace = from === "." ? own : from;
  const names = seen.get(namespace) ?? new Set();
  seen.set(namespace, names);
  if (names.has(name) || names.has("*") || (name === "*" && names.size > 0)) {
    reporter.report("SL0931", path, `another host of this listener says ${quote(host)}, too`);
  }
  names.add(name);
}
