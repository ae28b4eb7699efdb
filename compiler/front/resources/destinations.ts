/** Every destination that a rule names, in one place: whoever has to look at all of them forgets none. */

import type { FieldPath, Resource } from "./resource.ts";
import type { Destination, HttpRoute, RouteDestination, VirtualServiceSpec } from "./types.ts";

export interface NamedDestination {
  readonly destination: Destination;
  /** From the root of the resource. */
  readonly path: FieldPath;
}

/** Those of all rules, mirrors last. One without a host is an error, and left out. */
export function* destinationsOf({ spec }: Resource<VirtualServiceSpec>): Generator<NamedDestination> {
  for (const kind of ["http", "tls", "tcp"] as const) {
    for (const [i, rule] of (spec[kind] ?? []).entries()) {
      yield* routeDestinations(rule?.route, ["spec", kind, i, "route"]);
    }
  }
  for (const [i, rule] of (spec.http ?? []).entries()) {
    yield* mirrorDestinations(rule, ["spec", "http", i]);
  }
}

/** `path`: of the list. */
export function* routeDestinations(
  route: readonly RouteDestination[] | undefined,
  path: FieldPath,
): Generator<NamedDestination> {
  for (const [i, part] of (route ?? []).entries()) {
    if (part?.destination?.host) {
      yield { destination: part.destination, path: [...path, i, "destination"] };
    }
  }
}

/** `path`: of the rule. */
function* mirrorDestinations(rule: HttpRoute | undefined, path: FieldPath): Generator<NamedDestination> {
  if (rule?.mirror?.host) {
    yield { destination: rule.mirror, path: [...path, "mirror"] };
  }
  for (const [i, mirror] of (rule?.mirrors ?? []).entries()) {
    if (mirror?.destination?.host) {
      yield { destination: mirror.destination, path: [...path, "mirrors", i, "destination"] };
    }
  }
}
