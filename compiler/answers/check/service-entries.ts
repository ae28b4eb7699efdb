/** ServiceEntries among themselves, and what Istio's own analysis asks of one. */

import type { Resource, ServiceEntrySpec } from "../../front/resources/model.ts";
import type { View } from "./view.ts";

type ServiceEntry = Resource<ServiceEntrySpec>;

export function checkServiceEntries(view: View): void {
  reportProtocols(view);
  for (const entry of view.resources.serviceEntries) {
    reportAddresses(entry, view);
  }
}

/** One port of one host, spoken of in two ways. */
function reportProtocols(view: View): void {
  const byPort = new Map<string, { entry: ServiceEntry; index: number; protocol: string }[]>();
  for (const entry of view.resources.serviceEntries) {
    for (const host of new Set(entry.spec.hosts ?? [])) {
      for (const [index, { number, protocol = "" }] of (entry.spec.ports ?? []).entries()) {
        const key = `${host.toLowerCase()} ${number}`;
        const known = byPort.get(key);
        const one = { entry, index, protocol: protocol.toUpperCase() };
        if (known === undefined) {
          byPort.set(key, [one]);
        } else {
          known.push(one);
        }
      }
    }
  }
  for (const [key, all] of byPort) {
    for (const { entry, index, protocol } of all) {
      const other = all.find(
        (candidate) => candidate.protocol !== protocol && seenTogether(entry, candidate.entry),
      );
      if (other === undefined) {
        continue;
      }
      const [host, number] = key.split(" ");
      view.report(
        "SL0432",
        entry,
        ["spec", "ports", index],
        `port ${number} of "${host}" is ${protocol || "without a protocol"} here and ${other.protocol || "without one"} in ${other.entry.namespace}/${other.entry.name}`,
        {
          related: [{ message: "the other one", span: other.entry.spanOf(["spec", "ports", other.index]) }],
          help: "Use the same protocol in both.",
        },
      );
    }
  }
}

/** Some namespace sees both. */
export function seenTogether(a: ServiceEntry, b: ServiceEntry): boolean {
  const scopes = ({ spec, namespace }: ServiceEntry): readonly string[] =>
    spec.exportTo?.length ? spec.exportTo.map((scope) => (scope === "." ? namespace : scope)) : ["*"];
  const [first, second] = [scopes(a), scopes(b)];
  return first.includes("*") || second.includes("*") || first.some((scope) => second.includes(scope));
}

/** A port without a declared protocol is one of TCP, and those are told apart by their addresses alone. */
function reportAddresses(entry: ServiceEntry, view: View): void {
  const { addresses, ports = [] } = entry.spec;
  const { status } = (entry.document ?? {}) as { status?: { addresses?: unknown } };
  if (addresses?.length || status?.addresses !== undefined || view.virtualAddresses.haveAll(entry)) {
    return;
  }
  for (const [index, { protocol = "" }] of ports.entries()) {
    if (protocol !== "" && protocol.toUpperCase() !== "TCP") {
      continue;
    }
    view.report(
      "SL0434",
      entry,
      ["spec", "ports", index],
      `a port ${protocol === "" ? "without a protocol" : "of protocol TCP"} needs addresses, or it cannot be told apart from others`,
      { help: protocol === "" ? "Set its protocol." : "Add addresses to the ServiceEntry." },
    );
  }
}
