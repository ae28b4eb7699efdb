/** Our own annotations: a misspelt one would otherwise be obeyed by nobody, and nobody would say so. */

import { nearest } from "../../../diagnostics/nearest.ts";
import {
  COMPRESSION,
  ERROR_PAGE,
  FAULT_SCOPE,
  FAULT_SCOPES,
  OUR_PREFIX,
  parseSticky,
  RATE_LIMIT,
  STICKY,
} from "../../resources/annotations.ts";
import { parseCompression } from "../../resources/compression.ts";
import { parseErrorPages } from "../../resources/error-pages.ts";
import { HEALTH_CHECK, parseHealthChecks } from "../../resources/health-check.ts";
import type { Resource } from "../../resources/resource.ts";
import type { DestinationRuleSpec, VirtualServiceSpec } from "../../resources/types.ts";
import { MESH, resolveGatewayName } from "../rules/gateway-names.ts";
import { wrongRateLimits } from "./rate-limits.ts";
import type { Reporter } from "./reporter.ts";

interface OurAnnotation {
  /** The kinds on which it has an effect: at least one. */
  readonly kinds: readonly string[];
  /** What is wrong with a value, in words; undefined when nothing is. */
  readonly wrong: (value: string, resource: Resource<unknown>) => string | undefined;
  /** What to write instead, with a value that is right. */
  readonly help: string;
  /** Where to write it instead, and why, on a kind on which people look for it in vain. Absent: on one of `kinds`. */
  readonly elsewhere?: (resource: Resource<unknown>) => string | undefined;
}

/** All that there are. */
const KNOWN = new Map<string, OurAnnotation>([
  [
    STICKY,
    {
      kinds: ["VirtualService"],
      wrong: (value) => invalidUnless(parseSticky(value) !== undefined, value),
      help: 'Write "header:<name>", "cookie:<name>" or "source-ip".',
    },
  ],
  [
    FAULT_SCOPE,
    {
      kinds: ["VirtualService"],
      wrong: (value) =>
        invalidUnless(
          FAULT_SCOPES.some((scope) => scope === value),
          value,
        ),
      help: 'Write "upstream", or "proxy" for what Istio does.',
    },
  ],
  [
    ERROR_PAGE,
    {
      kinds: ["Gateway"],
      wrong: (value) => wrongIn(parseErrorPages(value)),
      help: 'Write statuses with an answer for each, such as "4xx, 5xx: json", or a text of several lines behind "503: |".',
      elsewhere: onItsGateways,
    },
  ],
  [
    COMPRESSION,
    {
      kinds: ["Gateway"],
      wrong: (value) => wrongIn(parseCompression(value)),
      help: 'Write algorithms in the order of preference, such as "brotli, gzip", or a mapping such as "{ algorithms: [gzip], minimumBytes: 1400, contentTypes: [text/html] }".',
      elsewhere: onItsGateways,
    },
  ],
  [
    HEALTH_CHECK,
    {
      kinds: ["DestinationRule", "ServiceEntry"],
      wrong: wrongHealthCheck,
      help: 'Write, for example, "http /healthz every 5s timeout 1s unhealthy 3 healthy 2", "grpc" or "tcp; subset v2 off".',
    },
  ],
  [
    RATE_LIMIT,
    {
      kinds: ["VirtualService"],
      wrong: (value, resource) => wrongRateLimits(value, resource as Resource<VirtualServiceSpec>),
      help: 'Write "100/s", "600/m burst 50" or "10/s by client-address" (or "by header:<name>", "by claim:<name>"), for one rule "<its name>: 10/s", and a semicolon between several.',
    },
  ],
]);

/** Of what a listener does to all answers, whichever host and rule they are for. */
function onItsGateways({ kind, namespace, spec }: Resource<unknown>): string | undefined {
  if (kind !== "VirtualService") {
    return undefined;
  }
  const { gateways: written = [], hosts = [] } = spec as VirtualServiceSpec;
  const named = written.filter((name) => name !== MESH).map((name) => resolveGatewayName(name, namespace));
  const which = named.length === 0 ? "a Gateway" : `Gateway ${[...new Set(named)].join(" and ")}`;
  // A delegate has those of the rules that lead to it.
  const besides = named.length === 0 && hosts.length > 0 ? "; the listeners of the mesh have none" : "";
  return `Put it on ${which}: there it holds for all hosts of a listener, and cannot be limited to those of a rule${besides}.`;
}

function wrongIn(parsed: object): string | undefined {
  return "wrong" in parsed ? String(parsed.wrong) : undefined;
}

function wrongHealthCheck(value: string, { kind, spec }: Resource<unknown>): string | undefined {
  const parsed = parseHealthChecks(value);
  if ("wrong" in parsed) {
    return parsed.wrong;
  }
  const { subsets = [] } = kind === "DestinationRule" ? (spec as DestinationRuleSpec) : {};
  const unknown = [...parsed.checks.subsets.keys()].find(
    (subset) => !subsets.some(({ name }) => name === subset),
  );
  return unknown === undefined ? undefined : `this ${kind} has no subset "${unknown}"`;
}

function invalidUnless(isValid: boolean, value: string): string | undefined {
  return isValid ? undefined : `"${value}" is not a valid value`;
}

export function validateOurAnnotations(reporter: Reporter): void {
  const { annotations, kind } = reporter.resource;
  for (const [name, value] of Object.entries(annotations)) {
    if (!name.startsWith(OUR_PREFIX)) {
      continue;
    }
    const path = ["metadata", "annotations", name];
    const known = KNOWN.get(name);
    if (known === undefined) {
      const near = nearest(name, [...KNOWN.keys()]);
      reporter.report("SL0227", path, "unknown annotation", near && `Did you mean ${near}?`);
    } else if (!known.kinds.includes(kind)) {
      reporter.report(
        "SL0227",
        path,
        `the annotation has no effect on a ${kind}`,
        known.elsewhere?.(reporter.resource) ?? `Put it on a ${known.kinds.join(" or a ")}.`,
      );
    } else {
      const wrong = known.wrong(value, reporter.resource);
      if (wrong !== undefined) {
        reporter.report("SL0227", path, wrong, known.help);
      }
    }
  }
}
