/** Load balancing and locality settings. Source: istiod's `validateLoadBalancer`, `ValidateLocalityLbSetting`. */

import { HEALTH_CHECK } from "../../resources/health-check.ts";
import type { FieldPath } from "../../resources/resource.ts";
import type { LoadBalancerSettings, LocalityLbSetting, ZoneAwareLbSetting } from "../../resources/types.ts";
import { checkDuration, checkLongEnough, quote } from "./common.ts";
import { each, type Reporter } from "./reporter.ts";

const MAGLEV_LIMIT = 5_000_011;
const TOPOLOGY = new Set([
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
]);

export function checkLoadBalancer(
  reporter: Reporter,
  settings: LoadBalancerSettings | undefined,
  path: FieldPath,
  outlierDetection: boolean,
  top: boolean,
): void {
  if (!settings) {
    return;
  }
  checkConsistentHash(reporter, settings, path, top);
  checkLongEnough(reporter, settings.warmupDurationSecs, [...path, "warmupDurationSecs"]);
  if (settings.warmup) {
    const at = [...path, "warmup"];
    const { duration, aggression } = settings.warmup;
    checkDuration(reporter, duration, [...at, "duration"]);
    if (aggression !== undefined && !(aggression > 0)) {
      reporter.report(
        "SL0297",
        [...at, "aggression"],
        `${aggression} is not a valid aggression; use a number above 0`,
      );
    }
  }
  const locality = settings.localityLbSetting;
  const zones = settings.zoneAwareLbSetting;
  if (locality && zones) {
    reporter.report(
      "SL0297",
      [...path, "zoneAwareLbSetting"],
      "localityLbSetting is set twice, and only one takes effect",
    );
  }
  if (locality) {
    checkLocality(reporter, locality, [...path, "localityLbSetting"], outlierDetection, top);
  }
  if (zones) {
    checkZones(reporter, zones, [...path, "zoneAwareLbSetting"], outlierDetection, top);
  }
}

function checkConsistentHash(
  reporter: Reporter,
  settings: LoadBalancerSettings,
  path: FieldPath,
  top: boolean,
): void {
  const hash = settings.consistentHash;
  if (!hash) {
    return;
  }
  const at = [...path, "consistentHash"];
  if (hash.httpCookie) {
    if (!hash.httpCookie.name) {
      reporter.report("SL0297", [...at, "httpCookie"], "the cookie has no name");
    }
    const names = new Set<string>();
    each(hash.httpCookie.attributes, [...at, "httpCookie", "attributes"], (attribute, place) => {
      const name = attribute?.name ?? "";
      if (name === "" || names.has(name)) {
        reporter.report(
          "SL0297",
          place,
          name === "" ? "the attribute has no name" : `there are two attributes named ${quote(name)}`,
        );
      }
      names.add(name);
    });
  }
  if (hash.minimumRingSize !== undefined && hash.minimumRingSize !== 0) {
    if (hash.ringHash || hash.maglev) {
      reporter.report(
        "SL0297",
        [...at, "minimumRingSize"],
        "minimumRingSize cannot be combined with ringHash or maglev",
      );
    } else if (top) {
      reporter.report(
        "SL0295",
        [...at, "minimumRingSize"],
        "minimumRingSize is deprecated here",
        "Use ringHash.minimumRingSize.",
      );
    }
  }
  if (hash.maglev) {
    const size = hash.maglev.tableSize ?? 0;
    if (size === 0 || size >= MAGLEV_LIMIT || !isPrime(size)) {
      reporter.report(
        "SL0297",
        hash.maglev.tableSize === undefined ? [...at, "maglev"] : [...at, "maglev", "tableSize"],
        `${size} is not a valid table size`,
        `Use a prime below ${MAGLEV_LIMIT}, such as 65537.`,
      );
    }
  }
}

function isPrime(number: number): boolean {
  // Envoy takes 1 for a prime.
  if (number < 1) {
    return false;
  }
  for (let i = 2; i * i <= number; i++) {
    if (number % i === 0) {
      return false;
    }
  }
  return true;
}

function checkLocality(
  reporter: Reporter,
  locality: LocalityLbSetting,
  path: FieldPath,
  outlierDetection: boolean,
  top: boolean,
): void {
  const { distribute = [], failover = [], failoverPriority = [] } = locality;
  if (distribute.length > 0 && failover.length > 0) {
    reporter.report("SL0298", [...path, "failover"], "it cannot be combined with distribute");
    return;
  }
  const from: Place[] = [];
  each(distribute, [...path, "distribute"], (entry, at) => {
    from.push({ locality: entry.from ?? "", path: entry.from === undefined ? at : [...at, "from"] });
    const weights = Object.values(entry.to ?? {});
    for (const [place, weight] of Object.entries(entry.to ?? {})) {
      if (weight < 1 || weight > 100) {
        reporter.report("SL0298", [...at, "to", place], `${weight} is not a valid weight; use 1 to 100`);
      }
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    if (sum !== 100) {
      reporter.report("SL0298", [...at, "to"], `the weights add up to ${sum} instead of 100`);
    }
    // The order of a mapping says nothing: sorted, a wildcard comes before what it takes.
    const to = Object.keys(entry.to ?? {}).sort();
    checkLocalities(
      reporter,
      to.map((locality) => ({ locality, path: [...at, "to", locality] })),
    );
  });
  checkLocalities(reporter, from);
  checkFailover(reporter, locality, path);
  each(failoverPriority, [...path, "failoverPriority"], (label, at) => {
    if (failover.length > 0 && TOPOLOGY.has(label)) {
      reporter.report("SL0298", at, `${quote(label)} cannot be combined with failover`);
    }
  });
  if (top) {
    warnWithoutOutlierDetection(reporter, locality, path, outlierDetection);
  }
}

function checkZones(
  reporter: Reporter,
  zones: ZoneAwareLbSetting,
  path: FieldPath,
  outlierDetection: boolean,
  top: boolean,
): void {
  checkFailover(reporter, zones, path);
  each(zones.failoverPriority, [...path, "failoverPriority"], (label, at) => {
    if (TOPOLOGY.has(label)) {
      reporter.report("SL0298", at, `${quote(label)} is a topology label, which zone awareness sets itself`);
    }
  });
  if (top) {
    warnWithoutOutlierDetection(reporter, zones, path, outlierDetection);
  }
}

function checkFailover(reporter: Reporter, { failover }: LocalityLbSetting, path: FieldPath): void {
  each(failover, [...path, "failover"], (entry, at) => {
    if (entry.from === entry.to) {
      reporter.report("SL0298", at, "from and to name the same region");
    }
    for (const side of ["from", "to"] as const) {
      const region = entry[side] ?? "";
      if (region.includes("/") || region.includes("*")) {
        reporter.report(
          "SL0298",
          [...at, side],
          `${quote(region)} is not a valid region`,
          "Name a region without a zone; failover happens between regions.",
        );
      }
    }
  });
}

/** Without it no endpoint is ever seen to fail. */
function warnWithoutOutlierDetection(
  reporter: Reporter,
  { failover = [], failoverPriority = [] }: LocalityLbSetting,
  path: FieldPath,
  outlierDetection: boolean,
): void {
  const isWatched = outlierDetection || reporter.resource.annotations[HEALTH_CHECK] !== undefined;
  if ((failover.length > 0 || failoverPriority.length > 0) && !isWatched) {
    reporter.report("SL0299", path, "failover has no effect without outlierDetection in the same policy");
  }
}

interface Place {
  readonly locality: string;
  readonly path: FieldPath;
}

/** `region/zone/subzone`, `*` only at the end; none inside an earlier one, or the same. */
function checkLocalities(reporter: Reporter, localities: readonly Place[]): void {
  const earlier: (readonly string[])[] = [];
  for (const { locality, path } of localities) {
    const [region = "", zone, ...rest] = locality.split("/");
    const parts = [region, zone, rest.length > 0 ? rest.join("/") : undefined].filter(
      (part) => part !== undefined,
    );
    if (parts.includes("") || /\*./.test(locality)) {
      reporter.report(
        "SL0298",
        path,
        `${quote(locality)} is not a valid locality`,
        "Use region/zone/subzone; the last part may be `*`.",
      );
      continue;
    }
    const other = earlier.find((before) => overlap(before, parts));
    if (other !== undefined) {
      reporter.report("SL0298", path, `${quote(locality)} overlaps with ${quote(other.join("/"))}`);
    }
    earlier.push(parts);
  }
}

/** A later wildcard takes what earlier localities leave, so only an earlier one takes anything away. */
function overlap(earlier: readonly string[], later: readonly string[]): boolean {
  for (let i = 0; i < Math.max(earlier.length, later.length); i++) {
    if (earlier[i] === undefined || later[i] === undefined || earlier[i] === "*") {
      return true;
    }
    if (earlier[i] !== later[i]) {
      return false;
    }
  }
  return true;
}
