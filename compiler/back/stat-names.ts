/**
 * How the statistics of rules are named, for whoever writes them (the filter), whoever makes labels of them (Envoy, by
 * `stats_tags`) and whoever reads them. A name holds its labels, as Istio's own statistics do:
 *
 *     listener=.=mesh;.;rule=.=shop/reviews#split;.;match=.=;.;cluster=.=outbound|9080|v1|reviews…;.;sluice_requests_total
 *
 * so that Prometheus has `sluice_requests_total{listener="mesh",rule="shop/reviews#split",…}`. A label without a value is
 * not in the name.
 */

import { createHash } from "node:crypto";
import type { RouteOrigin } from "../ir/ir.ts";

/** What is counted. Requests are those that were forwarded: with answers, aborts, those that left, limited and unmatched ones they are all. */
export const RULE_STATS = {
  /** Forwarded, by the cluster that was drawn: `listener`, `rule`, `match`, `cluster`. */
  requests: "sluice_requests_total",
  /** Answered by the rule itself: `listener`, `rule`, `match`, `kind` (`redirect`, `direct`). */
  answers: "sluice_answers_total",
  /** Faults injected: `listener`, `rule`, `match`, `fault` (`delay`, `abort`). One that was delayed is counted elsewhere, too. */
  faults: "sluice_faults_total",
  /** Clients that left while a delay held their request: `listener`, `rule`, `match`. */
  left: "sluice_left_total",
  /** Beyond a rule's limit: `listener`, `rule`, `match`. */
  limited: "sluice_limited_total",
  /** No virtual host, or none of its rules, took it: `listener`, `why` (`host`, `rule`). */
  unmatched: "sluice_unmatched_total",
  /** A gauge: the weight that a destination has in its rule: `listener`, `rule`, `match`, `cluster`. */
  weight: "sluice_rule_weight",
} as const;

/** The labels that there are, in the order in which a name has them. */
export const STAT_LABELS = ["listener", "rule", "match", "cluster", "kind", "fault", "why"] as const;
export type StatLabel = (typeof STAT_LABELS)[number];
export type StatLabels = Readonly<Partial<Record<StatLabel, string>>>;

/** Longer names are cut, and told apart by a hash. */
const MAX_BYTES = 200;
const HASH_DIGITS = 12;

/**
 * A text as a label has it: printable without quotes, escapes or what separates labels, at most 200 bytes long. The same for
 * logs, traces and everything that is joined by it. Colons are among what is escaped: in names of its own Envoy makes `_` of them.
 */
export function labelValue(text: string): string {
  const encoded = encodeURIComponent(text).replace(/%(2F|7C|23)|[!'()*~]/g, (found) =>
    found.length > 1 ? decodeURIComponent(found) : `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (encoded.length <= MAX_BYTES) {
    return encoded;
  }
  const hash = createHash("sha256").update(text).digest("hex").slice(0, HASH_DIGITS);
  return `${encoded.slice(0, MAX_BYTES - HASH_DIGITS - 1)}.${hash}`;
}

/** The `rule` label of a route; empty for one that no rule made. */
export function ruleLabel(origin: Pick<RouteOrigin, "ruleId"> | undefined): string {
  return origin === undefined ? "" : labelValue(origin.ruleId);
}

/** The `match` label of a route; empty where its rule has one match, or none. */
export function matchLabel(origin: Pick<RouteOrigin, "ruleId" | "id"> | undefined): string {
  return origin === undefined ? "" : labelValue(origin.id.slice(origin.ruleId.length + 1));
}

/** What logs and traces call a route: its rule, and where that has several matches `.` and the match behind it. */
export function routeLabel(origin: Pick<RouteOrigin, "ruleId" | "id"> | undefined): string {
  const match = matchLabel(origin);
  return match === "" ? ruleLabel(origin) : `${ruleLabel(origin)}.${match}`;
}

/**
 * What Envoy is to call a cluster in its own statistics (`Cluster.alt_stat_name`): the `cluster` label, and an end that no label
 * has. Without it Envoy takes the name to end at its first dot, and makes a part of the metric's name of the rest.
 */
export function altStatName(cluster: string): string {
  return `${labelValue(cluster)};`;
}

/** What the names of a cluster's own statistics begin with: `cluster.outbound|80||a.example;.`, and then `upstream_rq_total`. */
export function clusterStatPrefix(cluster: string): string {
  return `cluster.${altStatName(cluster)}.`;
}

/**
 * What Envoy is to call the statistics of a route of its own (`Route.stat_prefix`): the labels, and what the rule itself calls
 * them, if it does. Envoy makes `vhost.HOST.route.` and `.upstream_rq_total` of it.
 */
export function routeStatPrefix(
  listener: string,
  origin: Pick<RouteOrigin, "ruleId" | "id">,
  own: string | undefined,
): string {
  const labels = statName("", {
    listener: labelValue(listener),
    rule: ruleLabel(origin),
    match: matchLabel(origin),
  });
  // A point follows.
  return own ? `${labels}${own}` : labels.slice(0, -".;".length);
}

/** The name of a statistic. Values are labels already. */
export function statName(metric: string, labels: StatLabels): string {
  const parts = STAT_LABELS.filter((label) => labels[label]).map((label) => `${label}=.=${labels[label]};.;`);
  return `${parts.join("")}${metric}`;
}

/** What a statistic counts and its labels; `undefined` for a name of somebody else. Envoy puts `wasmcustom.` before it. */
export function parseStatName(
  name: string,
): { readonly metric: string; readonly labels: StatLabels } | undefined {
  const parts = name.replace(/^wasmcustom\./, "").split(";.;");
  const metric = parts.pop()!;
  if (!metric.startsWith("sluice_")) {
    return undefined;
  }
  const labels: Partial<Record<StatLabel, string>> = {};
  for (const part of parts) {
    const [label, value] = part.split("=.=", 2);
    if (value === undefined || !STAT_LABELS.includes(label as StatLabel)) {
      return undefined;
    }
    labels[label as StatLabel] = value;
  }
  return { metric, labels };
}
