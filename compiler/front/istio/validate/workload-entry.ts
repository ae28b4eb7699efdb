/**
 * One workload: a WorkloadEntry, or an endpoint of a ServiceEntry. Source: istiod's `validateWorkloadEntry` and what the
 * schema says of both.
 */

import { isIP } from "node:net";
import type { FieldPath, Resource } from "../../resources/resource.ts";
import type { WorkloadEntrySpec } from "../../resources/types.ts";
import { isSocketPath, unixSocketPath } from "../../services/unix-sockets.ts";
import { checkLabels, checkPort, hostError, isDnsLabel, quote } from "./common.ts";
import type { Reporter } from "./reporter.ts";

/** What the schema leaves to the name of a port. */
const MAX_PORT_NAME_LENGTH = 62;

/** What an address may be: `fixed` is an IP address or a socket, `resolved` an IP address or a host name. */
type Addresses = "fixed" | "resolved" | "any";

export function validateWorkloadEntry(reporter: Reporter, { spec }: Resource<WorkloadEntrySpec>): void {
  checkWorkload(reporter, spec, ["spec"], "any");
}

/** `portNames`: those of the ServiceEntry. */
export function checkWorkload(
  reporter: Reporter,
  workload: WorkloadEntrySpec | null,
  path: FieldPath,
  addresses: Addresses,
  portNames?: ReadonlySet<string>,
): void {
  const { address = "", network, ports, labels } = workload ?? {};
  const at = [...path, "address"];
  const socket = unixSocketPath(address);
  if (address === "") {
    if (!network || addresses === "resolved") {
      reporter.report("SL0287", path, "the address is missing");
    } else {
      reporter.report("SL0294", path, "the endpoint has a network, but no address");
    }
  } else if (socket !== undefined && addresses !== "resolved") {
    if (!isSocketPath(socket)) {
      reporter.report("SL0287", at, `${quote(address)} must name a file by its absolute path`);
    }
    if (ports !== undefined) {
      reporter.report("SL0287", [...path, "ports"], "an endpoint on a unix socket cannot have ports");
    }
    if (portNames !== undefined && portNames.size !== 1) {
      reporter.report("SL0287", at, "a unix socket can serve only a ServiceEntry with exactly one port");
    }
  } else if (isIP(address) === 0 && (addresses === "fixed" || hostError(address, false) !== undefined)) {
    const expected = addresses === "fixed" ? "an IP address" : "an IP address or a host name";
    reporter.report("SL0287", at, `${quote(address)} is not ${expected}`);
  }
  checkLabels(reporter, labels, [...path, "labels"]);
  for (const [name, port] of Object.entries(ports ?? {})) {
    const place = [...path, "ports", name];
    if (portNames !== undefined && !portNames.has(name)) {
      reporter.report("SL0287", place, `the ServiceEntry has no port named ${quote(name)}`);
    } else if (!isDnsLabel(name) || name.length > MAX_PORT_NAME_LENGTH) {
      reporter.report("SL0283", place, `${quote(name)} is not a valid port name`);
    }
    checkPort(reporter, port, place);
  }
}
