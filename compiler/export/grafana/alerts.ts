/** Alert rules for Prometheus: what somebody must look at, and not what is merely different. */

import * as queries from "./queries.ts";

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: "warning" | "critical" };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const MINUTES = { where: "", range: "5m" };
/** Long enough for rules of few requests. */
const OF_SHARES = { where: "", range: "30m" };
const ENOUGH_REQUESTS = 500;

const ALERTS: readonly Alert[] = [
  alert("SluiceShareOffWeight", "warning", {
    expr: queries.shareOffWeight(OF_SHARES, ENOUGH_REQUESTS),
    for: "5m",
    summary: "{{ $labels.rule }} does not split as its weights say",
    description:
      "{{ $labels.cluster }} is off its weight by {{ $value | humanizePercentage }} of the requests of {{ $labels.rule }} at {{ $labels.listener }}, which chance does not explain. Weights that changed within the last half hour do.",
  }),
  alert("SluiceUnmatched", "warning", {
    expr: `${queries.unmatchedPart(MINUTES)} > 0.01`,
    for: "10m",
    summary: "Requests at {{ $labels.listener }} have no rule",
    description:
      "{{ $value | humanizePercentage }} of the requests at {{ $labels.listener }} are for no rule.",
  }),
  alert("SluiceListenerErrors", "critical", {
    expr: `${queries.listenerErrors(MINUTES)} > 0.05`,
    for: "5m",
    summary: "{{ $labels.envoy_http_conn_manager_prefix }} answers with 5xx",
    description:
      "{{ $value | humanizePercentage }} of the answers at {{ $labels.envoy_http_conn_manager_prefix }} are 5xx, injected faults included.",
  }),
  alert("SluiceClusterErrors", "warning", {
    expr: `${queries.clusterErrors(MINUTES)} > 0.05`,
    for: "5m",
    summary: "{{ $labels.envoy_cluster_name }} answers with 5xx",
    description:
      "{{ $value | humanizePercentage }} of the answers of {{ $labels.envoy_cluster_name }} are 5xx.",
  }),
  alert("SluiceEndpointsEjected", "warning", {
    expr: `${queries.clusterEjections(MINUTES)} > 0`,
    for: "5m",
    summary: "Endpoints of {{ $labels.envoy_cluster_name }} are ejected",
    description: "Outlier detection keeps {{ $value }} endpoints of {{ $labels.envoy_cluster_name }} out.",
  }),
  alert("SluiceOverflow", "warning", {
    expr: `${queries.clusterOverflows(MINUTES)} > 0`,
    for: "5m",
    summary: "A circuit breaker turns requests to {{ $labels.envoy_cluster_name }} away",
    description:
      "{{ $value | humanize }} requests a second to {{ $labels.envoy_cluster_name }} are turned away, since its connection pool is full.",
  }),
  alert("SluiceNoHealthyEndpoints", "critical", {
    expr: `${queries.clusterNoneHealthy(MINUTES)} > 0`,
    for: "1m",
    summary: "{{ $labels.envoy_cluster_name }} has no healthy endpoint",
    description:
      "Requests to {{ $labels.envoy_cluster_name }} are answered 503, since no endpoint of it is healthy.",
  }),
];

function alert(
  name: string,
  severity: "warning" | "critical",
  { expr, for: time, ...annotations }: Pick<Alert, "expr" | "for"> & Alert["annotations"],
): Alert {
  return { alert: name, expr, for: time, labels: { severity }, annotations };
}

/** A file of `rule_files`. https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export function alertRules(): {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
} {
  return { groups: [{ name: "sluice", rules: ALERTS }] };
}
