/**
 * What is asked of Prometheus of rules, in PromQL: the same for a dashboard and for alerts. Every metric is one that an Envoy shows
 * at `/metrics`; those of Envoy's own have our names of clusters and listeners as labels.
 *
 * A counter that has counted nothing yet is not there, and a rule at several Envoys is one rule: sums come before quotients.
 */

import { RULE_STATS } from "../../back/stat-names.ts";

/** Which series are meant, such as `instance=~"$instance"`, and over which time rates are. */
export interface Asked {
  readonly where: string;
  readonly range: string;
}

const PART = "listener, rule, match";
const DESTINATION = `${PART}, cluster`;

/** Requests a second, by rule. */
export function requestsByRule(asked: Asked): string {
  return `sum by (listener, rule) (${rate(RULE_STATS.requests, asked)})`;
}

export function requestsByDestination(asked: Asked): string {
  return `sum by (listener, rule, cluster) (${rate(RULE_STATS.requests, asked)})`;
}

/** What part of the requests of its rule a destination had, of those rules that split. */
export function shareSeen(asked: Asked): string {
  return `${ofRule(`sum by (${DESTINATION}) (${rate(RULE_STATS.requests, asked)})`)} and on (${DESTINATION}) ${weight(asked)}`;
}

/** What part it is to have. */
export function shareWanted(asked: Asked): string {
  return ofRule(weight(asked));
}

export function faultsByRule(asked: Asked): string {
  return `sum by (listener, rule, fault) (${rate(RULE_STATS.faults, asked)})`;
}

export function answersByRule(asked: Asked): string {
  return `sum by (listener, rule, kind) (${rate(RULE_STATS.answers, asked)})`;
}

export function leftByRule(asked: Asked): string {
  return `sum by (listener, rule) (${rate(RULE_STATS.left, asked)})`;
}

export function unmatched(asked: Asked): string {
  return `sum by (listener, why) (${rate(RULE_STATS.unmatched, asked)})`;
}

/** Of all requests at a listener. */
export function unmatchedPart({ where, range }: Asked): string {
  const all = `label_replace(rate(envoy_http_downstream_rq_total${braces(where)}[${range}]), "listener", "$1", "envoy_http_conn_manager_prefix", "(.*)")`;
  return `sum by (listener) (${rate(RULE_STATS.unmatched, { where, range })}) / sum by (listener) (${all})`;
}

/** Rules that Prometheus knows and that took nothing in this time. */
export function unusedRules({ where, range }: Asked): string {
  const names = [RULE_STATS.requests, RULE_STATS.answers, RULE_STATS.faults];
  const known = [...names, RULE_STATS.weight].map(
    (name) => `last_over_time(${name}${braces(where)}[${range}])`,
  );
  const used = names.map((name) => `increase(${name}${braces(where)}[${range}]) > 0`);
  const group = (series: readonly string[]) => `group by (listener, rule) (${series.join(" or ")})`;
  return `${group(known)} unless on (listener, rule) ${group(used)}`;
}

/** How far a share is off its weight, beyond what chance explains in all but one of 15,000 looks, and by more than one part in a hundred. */
export function shareOffWeight({ where, range }: Asked, leastRequests: number): string {
  const counts = `increase(${RULE_STATS.requests}${braces(where)}[${range}])`;
  const seen = ofRule(`sum by (${DESTINATION}) (${counts})`);
  const wanted = shareWanted({ where, range });
  const requests = `on (${PART}) group_left sum by (${PART}) (${counts})`;
  const chance = `4 * sqrt((${wanted}) * (1 - (${wanted})) / ${requests})`;
  return [
    `abs((${seen}) - on (${DESTINATION}) (${wanted})) > on (${DESTINATION}) ((${chance}) + 0.01)`,
    `and on (${PART}) sum by (${PART}) (${counts}) >= ${leastRequests}`,
  ].join(" ");
}

/** Of Envoy's own routes, whose rules are counted with `--rule-counters on`. */
export function requestsByRoute({ where, range }: Asked): string {
  return `sum by (listener, rule) (rate(envoy_vhost_route_upstream_rq_total${braces(where)}[${range}]))`;
}

export function errorsByRoute({ where, range }: Asked): string {
  const more = braces(where, 'envoy_response_code_class="5"');
  return `sum by (listener, rule) (rate(envoy_vhost_route_upstream_rq_xx${more}[${range}]))`;
}

export function clusterRequests({ where, range }: Asked): string {
  return `sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_rq_total${braces(where)}[${range}]))`;
}

/** What part of a cluster's answers was 5xx. */
export function clusterErrors({ where, range }: Asked): string {
  const by = "sum by (envoy_cluster_name)";
  const errors = `rate(envoy_cluster_upstream_rq_xx${braces(where, 'envoy_response_code_class="5"')}[${range}])`;
  return `${by} (${errors}) / ${by} (rate(envoy_cluster_upstream_rq_xx${braces(where)}[${range}]))`;
}

/** Milliseconds. */
export function clusterLatency(quantile: number, { where, range }: Asked): string {
  const buckets = `rate(envoy_cluster_upstream_rq_time_bucket${braces(where)}[${range}])`;
  return `histogram_quantile(${quantile}, sum by (le, envoy_cluster_name) (${buckets}))`;
}

/** Requests that a circuit breaker turned away. */
export function clusterOverflows({ where, range }: Asked): string {
  return `sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_rq_pending_overflow${braces(where)}[${range}]))`;
}

export function clusterEjections({ where }: Pick<Asked, "where">): string {
  return `sum by (envoy_cluster_name) (envoy_cluster_outlier_detection_ejections_active${braces(where)})`;
}

/** Requests that found no endpoint to go to. */
export function clusterNoneHealthy({ where, range }: Asked): string {
  return `sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_cx_none_healthy${braces(where)}[${range}]))`;
}

export function listenerAnswers({ where, range }: Asked): string {
  return `sum by (envoy_http_conn_manager_prefix, envoy_response_code_class) (rate(envoy_http_downstream_rq_xx${braces(where)}[${range}]))`;
}

/** What part of a listener's answers was 5xx. */
export function listenerErrors({ where, range }: Asked): string {
  const by = "sum by (envoy_http_conn_manager_prefix)";
  const errors = `rate(envoy_http_downstream_rq_xx${braces(where, 'envoy_response_code_class="5"')}[${range}])`;
  return `${by} (${errors}) / ${by} (rate(envoy_http_downstream_rq_xx${braces(where)}[${range}]))`;
}

/** The weight is the same at every Envoy that has the same rules. */
function weight({ where }: Pick<Asked, "where">): string {
  return `max by (${DESTINATION}) (${RULE_STATS.weight}${braces(where)})`;
}

/** Of a vector by destination, each as a part of its rule's sum. */
function ofRule(vector: string): string {
  return `${vector} / on (${PART}) group_left sum by (${PART}) (${vector})`;
}

function rate(metric: string, { where, range }: Asked): string {
  return `rate(${metric}${braces(where)}[${range}])`;
}

function braces(...conditions: readonly string[]): string {
  const all = conditions.filter((one) => one !== "").join(",");
  return all === "" ? "" : `{${all}}`;
}
