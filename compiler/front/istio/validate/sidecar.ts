/** One Sidecar by itself. Source: istiod's `ValidateSidecar`, of what is for connections that go out. */

import { isIP } from "node:net";
import type { FieldPath, Resource } from "../../resources/resource.ts";
import type { SidecarSpec } from "../../resources/types.ts";
import { isSocketPath, unixSocketPath } from "../../services/unix-sockets.ts";
import { checkLabels, checkPort, hostError, isDnsLabel, quote } from "./common.ts";
import { checkDestination } from "./destinations.ts";
import { isKnownProtocol, PROTOCOLS } from "./protocols.ts";
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
  const taken = new Set<string>();
  each(egress, ["spec", "egress"], (listener, path, index) => {
    if (listener.port === undefined && index < egress!.length - 1) {
      reporter.report("SL0930", path, "only the last egress listener may have no port");
    }
    checkEgressPort(reporter, listener, path, taken);
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
  checkEgressProxy(reporter, outboundTrafficPolicy);
}

/** istiod's `validateSidecarOutboundTrafficPolicy`. */
function checkEgressProxy(reporter: Reporter, policy: SidecarSpec["outboundTrafficPolicy"]): void {
  const { mode = "REGISTRY_ONLY", egressProxy } = policy ?? {};
  if (egressProxy === undefined) {
    return;
  }
  const path = ["spec", "outboundTrafficPolicy", "egressProxy"];
  if (mode !== "ALLOW_ANY") {
    reporter.report(
      "SL0930",
      path,
      `an egress proxy needs mode ALLOW_ANY: with ${mode}, no request is passed on`,
      "Write mode: ALLOW_ANY beside it.",
    );
    return;
  }
  checkDestination(reporter, egressProxy, path);
  if (egressProxy.host !== "*" && egressProxy.host.startsWith("*")) {
    reporter.report("SL0930", [...path, "host"], `${quote(egressProxy.host)} is a wildcard; name one host`);
  }
  if (egressProxy.port === undefined) {
    reporter.report("SL0930", path, "the egress proxy has no port", "Write port: { number: 80 }.");
  }
}

type EgressListener = NonNullable<SidecarSpec["egress"]>[number];

/** istiod's `validateSidecarEgressPortBindAndCaptureMode`. `taken`: the ports and sockets of listeners before. */
function checkEgressPort(
  reporter: Reporter,
  { port, bind = "", captureMode }: EgressListener,
  path: FieldPath,
  taken: Set<string>,
): void {
  if (port === undefined) {
    if (bind !== "" && isIP(bind) === 0) {
      reporter.report("SL0930", [...path, "bind"], `${quote(bind)} is not an IP address`);
    }
    return;
  }
  const { number = 0, name = "", protocol = "", targetPort } = port;
  const at = [...path, "port"];
  if (targetPort) {
    reporter.report("SL0930", [...at, "targetPort"], "targetPort has no effect in a Sidecar");
  }
  if (name !== "" && !isDnsLabel(name)) {
    reporter.report("SL0930", [...at, "name"], `${quote(name)} is not a valid port name`);
  }
  if (!isKnownProtocol(protocol, true)) {
    reporter.report(
      "SL0930",
      protocol === "" ? at : [...at, "protocol"],
      protocol === "" ? "the port has no protocol" : `${quote(protocol)} is not a valid protocol`,
      `Use one of ${PROTOCOLS.join(", ")}.`,
    );
  }
  const socket = unixSocketPath(bind);
  if (number === 0) {
    if (socket === undefined) {
      reporter.report("SL0930", at, "a port of number 0 needs a unix socket in `bind`", "Use unix:///path.");
    } else if (!isSocketPath(socket)) {
      reporter.report("SL0930", [...path, "bind"], `${quote(bind)} must name a file by its absolute path`);
    }
    if (captureMode === "IPTABLES") {
      reporter.report("SL0930", [...path, "captureMode"], "a unix socket has captureMode DEFAULT or NONE");
    }
  } else {
    checkPort(reporter, number, [...at, "number"]);
    if (bind !== "" && isIP(bind) === 0) {
      reporter.report("SL0930", [...path, "bind"], `${quote(bind)} is not an IP address`);
    }
  }
  const place = number === 0 ? bind : String(number);
  if (taken.has(place)) {
    const what = number === 0 ? `the socket ${quote(bind)}` : `port ${number}`;
    reporter.report("SL0930", path, `another egress listener has ${what}, too`);
  }
  taken.add(place);
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
