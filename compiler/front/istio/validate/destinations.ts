/** Where a rule sends requests: one destination, and the weights of several. Source: istiod's `validateDestination`. */

import type { FieldPath } from "../../resources/resource.ts";
import type { Destination, HttpRoute } from "../../resources/types.ts";
import { checkHost, checkPort, isDnsLabel, quote } from "./common.ts";
import { checkHeaderOperations } from "./header-operations.ts";
import { each, type Reporter } from "./reporter.ts";

/** A destination of an http, tls or tcp rule, or of a mirror. */
export function checkDestination(
  reporter: Reporter,
  destination: Destination | undefined,
  path: FieldPath,
): void {
  if (!destination) {
    reporter.report("SL0223", path, "the destination is missing");
    return;
  }
  if (destination.host === "*") {
    reporter.report("SL0203", [...path, "host"], '"*" is not a valid destination; name one host');
  } else {
    checkHost(reporter, destination.host, [...path, "host"]);
  }
  if (destination.subset !== undefined && destination.subset !== "" && !isDnsLabel(destination.subset)) {
    reporter.report("SL0225", [...path, "subset"], `${quote(destination.subset)} is not a valid subset name`);
  }
  const { port } = destination;
  if (port?.number !== undefined) {
    checkPort(reporter, port.number, [...path, "port", "number"]);
  } else if (port) {
    reporter.report("SL0202", [...path, "port"], "the port number is missing");
  }
}

/** All destinations of an http rule, their weights and their headers. */
export function checkHttpDestinations(reporter: Reporter, route: HttpRoute, path: FieldPath): void {
  const list = [...path, "route"];
  let sum = 0;
  each(route.route, list, (entry, at) => {
    checkDestination(reporter, entry?.destination, [...at, "destination"]);
    checkHeaderOperations(reporter, entry?.headers, [...at, "headers"]);
    const weight = entry?.weight ?? 0;
    if (weight < 0) {
      reporter.report("SL0224", [...at, "weight"], `a weight must not be negative, got ${weight}`);
    }
    sum += Math.max(weight, 0);
  });
  if ((route.route?.length ?? 0) > 1 && sum === 0) {
    reporter.report(
      "SL0224",
      list,
      "the weights add up to 0, so no destination can be chosen",
      "Give at least one destination a weight above 0; weights need not add up to 100.",
    );
  }
}
