/** Health checks that can be made, and hardly do what is wanted: SL0932. */

import { HEALTH_CHECK, type WrittenCheck } from "../../front/resources/health-check.ts";
import type { DestinationRuleSpec, Resource, ServiceEntrySpec } from "../../front/resources/model.ts";
import { healthChecksOf } from "../../front/services/health-checks.ts";
import { resolveHost } from "../../front/services/host-names.ts";
import type { Service } from "../../front/services/service.ts";
import { isLookedUp } from "../../ir/discovery.ts";
import type { View } from "./view.ts";

interface Lint {
  readonly what: string;
  readonly help: string;
}

export function lintHealthChecks(view: View): void {
  const { destinationRules, serviceEntries } = view.resources;
  for (const rule of destinationRules) {
    const checks = checksOf(rule);
    reportAll(
      rule,
      [...overlaps(checks), ...panics(checks, rule), ...idle(checks, ofRule(rule, view))],
      view,
    );
  }
  for (const entry of serviceEntries) {
    const checks = checksOf(entry);
    reportAll(entry, [...overlaps(checks), ...idle(checks, ofEntry(entry, view))], view);
  }
}

function checksOf(resource: Resource<unknown>): readonly WrittenCheck[] {
  const { healthChecks } = healthChecksOf(resource);
  const { whole, subsets } = healthChecks?.checks ?? {};
  return [whole, ...(subsets?.values() ?? [])].filter(
    (setting): setting is WrittenCheck => setting !== undefined && setting !== "off",
  );
}

/** There is one place, so there is one finding. */
function reportAll(resource: Resource<unknown>, lints: readonly Lint[], view: View): void {
  if (lints.length > 0) {
    view.report(
      "SL0932",
      resource,
      ["metadata", "annotations", HEALTH_CHECK],
      lints.map(({ what }) => what).join("; "),
      { help: lints.map(({ help }) => help).join(" ") },
    );
  }
}

function overlaps(checks: readonly WrittenCheck[]): Lint[] {
  const slow = checks.find(({ intervalMs, timeoutMs }) => intervalMs < timeoutMs);
  return slow === undefined
    ? []
    : [
        {
          what: `the timeout (${slow.timeoutMs} ms) is longer than the interval (${slow.intervalMs} ms), so a silent endpoint is asked less often than the others`,
          help: "Make the timeout no longer than the interval.",
        },
      ];
}

/** Envoy has one threshold, whoever finds endpoints unhealthy. */
function panics(checks: readonly WrittenCheck[], { spec }: Resource<DestinationRuleSpec>): Lint[] {
  const own = checks.find(({ panicPercent }) => panicPercent !== undefined)?.panicPercent;
  const policies = [spec.trafficPolicy, ...(spec.subsets ?? []).map(({ trafficPolicy }) => trafficPolicy)];
  const other = policies
    .flatMap((policy) => [policy, ...(policy?.portLevelSettings ?? [])])
    .find((policy) => (policy?.outlierDetection?.minHealthPercent ?? 0) > 0)?.outlierDetection;
  return own === undefined || other === undefined || other.minHealthPercent === own
    ? []
    : [
        {
          what: `panic ${own}% replaces minHealthPercent: ${other.minHealthPercent}`,
          help: "Remove one of the two.",
        },
      ];
}

/** Nobody to ask. `services`: none where it is not known who there is. */
function idle(checks: readonly WrittenCheck[], services: readonly Service[]): Lint[] {
  const isIdle =
    checks.length > 0 &&
    services.length > 0 &&
    services.every(
      ({ discovery, endpoints }) =>
        !isLookedUp(discovery) && [...endpoints.values()].every(({ length }) => length === 0),
    );
  return isIdle
    ? [
        {
          what: `"${services[0]!.host}" has no endpoints to check`,
          help: "Give it endpoints, or remove the annotation.",
        },
      ]
    : [];
}

function ofRule({ spec, namespace }: Resource<DestinationRuleSpec>, view: View): readonly Service[] {
  return known(resolveHost(spec.host, namespace, view.options.domainSuffix), namespace, view);
}

function ofEntry({ spec, namespace }: Resource<ServiceEntrySpec>, view: View): readonly Service[] {
  return (spec.hosts ?? []).flatMap((host) => known(host.toLowerCase(), namespace, view));
}

/** Files in git have the Services of Kubernetes, and hardly ever their endpoints. */
function known(host: string, namespace: string, { services, resources }: View): readonly Service[] {
  const { endpointSlices, endpoints } = resources;
  const knowsEndpoints = endpointSlices.length + endpoints.length > 0;
  return services
    .findCovering(host, namespace)
    .filter(({ source }) => source === "serviceEntry" || knowsEndpoints);
}
