/**
 * Which parts of the names of Envoy's statistics are labels, so that Prometheus has `envoy_cluster_upstream_rq_total` once and
 * not once for each service. Envoy's own defaults end a label at the first dot, and hosts, names of Gateways and certificates
 * have dots.
 *
 * Envoy cuts the labels out when a statistic comes to be. It asks an expression that begins with `^word\.` only for statistics
 * of that word, and one of its own, named without an expression, is faster than any that is written here. So each is anchored,
 * and few are asked for a cluster, of which there may be a thousand with more than a hundred statistics each.
 */

import { STAT_LABELS, type StatLabel } from "../stat-names.ts";

/** The member of `envoy.config.bootstrap.v3.Bootstrap`. */
export interface StatsNaming {
  readonly stats_config: {
    readonly use_all_default_tags: false;
    readonly stats_tags: readonly TagSpecifier[];
    readonly stats_matcher: { readonly exclusion_list: { readonly patterns: readonly object[] } };
  };
}

/** `envoy.config.metrics.v3.TagSpecifier`; without `regex`, Envoy's own of that name. */
interface TagSpecifier {
  readonly tag_name: string;
  /** ECMAScript's. The first group is cut out of the name, the second is the label. */
  readonly regex?: string;
}

/** What is left of a name after a label that may have dots: one word, or a group of more. */
const rest = (...groups: string[]) => `(?:\\w+|(?:${groups.join("|")})\\..+)$`;
const WORKER = "worker_\\d+|main_thread";

/** Labels of Envoy's statistics under the names that Envoy gives them, which dashboards know. */
const ENVOY_TAGS: readonly TagSpecifier[] = [
  { tag_name: "envoy.response_code" },
  { tag_name: "envoy.response_code_class" },
  { tag_name: "envoy.ssl_cipher" },
  { tag_name: "cipher_suite" },
  { tag_name: "envoy.tcp_prefix" },
  // Of a listener's rate limits, where Envoy's own routes decide: by its name.
  { tag_name: "envoy.local_http_ratelimit_prefix" },
  // With the end of `altStatName`.
  { tag_name: "envoy.cluster_name", regex: "^cluster\\.((.+?);\\.)" },
  // By the listener's name, which is its `stat_prefix`.
  {
    tag_name: "envoy.listener_address",
    regex: `^listener\\.((.+?)\\.)${rest("http", "ssl", "tls_inspector", "server_ssl_socket_factory", WORKER)}`,
  },
  { tag_name: "envoy.certificate", regex: "^listener\\..+\\.ssl\\.certificate\\.((.+)\\.)\\w+$" },
  { tag_name: "envoy.worker_id", regex: `^listener\\..+\\.((${WORKER})\\.)\\w+$` },
  { tag_name: "envoy.http_conn_manager_prefix", regex: "^listener\\..+?\\.http\\.((.+)\\.)\\w+$" },
  {
    tag_name: "envoy.http_conn_manager_prefix",
    regex: `^http\\.((.+?)\\.)${rest("cors", "fault", "rds", "tracing", "wasm")}`,
  },
  { tag_name: "envoy.rds_route_config", regex: "^http\\..+?\\.rds\\.((.+)\\.)\\w+$" },
  { tag_name: "envoy.virtual_host", regex: "^vhost\\.((.+?)\\.)(?:route|vcluster)\\." },
  // What a rule calls its statistics itself (`match[].statPrefix`), behind our labels where there are any.
  { tag_name: "envoy.route", regex: "^vhost\\..+?\\.route\\.(?:.+;\\.;)?(([^;]+?)\\.)upstream_\\w+$" },
  { tag_name: "envoy.filter_config", regex: "^extension_config_discovery\\.http_filter\\.((.+)\\.)\\w+$" },
  { tag_name: "envoy.secret", regex: "^sds\\.((.+)\\.)\\w+$" },
  { tag_name: "envoy.worker_id", regex: `^thread_local_cluster_manager\\.((${WORKER})\\.)` },
  { tag_name: "envoy.worker_id", regex: `^server\\.((${WORKER})\\.)` },
];

/**
 * What stands before each label in the name of what the filter counts, in their order: an expression that fails is the dearer
 * the more of a name it reads.
 */
const BEFORE: Readonly<Record<StatLabel, readonly string[]>> = {
  listener: [],
  rule: ["listener"],
  match: ["listener", "rule"],
  cluster: ["listener", "rule?", "match?"],
  kind: ["listener", "rule?", "match?"],
  fault: ["listener", "rule?", "match?"],
  why: ["listener"],
};

function before(label: StatLabel): string {
  return BEFORE[label]
    .map((other) => (other.endsWith("?") ? `(?:${other.slice(0, -1)}=[^;]*;\\.;)?` : `${other}=[^;]*;\\.;`))
    .join("");
}

/** Envoy leaves `wasmcustom` out of Prometheus' names by itself. */
const RULE_TAGS = STAT_LABELS.map(
  (label): TagSpecifier => ({
    tag_name: label,
    regex: `^wasmcustom\\.${before(label)}(${label}=\\.=([^;]*);\\.;)`,
  }),
);

/** The same of Envoy's own routes (`routeStatPrefix`), whose last label has the name's own point at its end. */
const ROUTE_TAGS = (["listener", "rule", "match"] as const).map(
  (label): TagSpecifier => ({
    tag_name: label,
    regex: `^vhost\\..+?\\.route\\.${before(label)}(${label}=\\.=([^;]*);\\.;?)`,
  }),
);

/**
 * When each certificate for each upstream expires: to make a label of its name would cost each of the other statistics of a cluster
 * more than all labels that it has. `server.days_until_first_cert_expiring` tells of all.
 */
const CERTIFICATES_OF_CLUSTERS = { safe_regex: { regex: "cluster\\..+\\.ssl\\.certificate\\..+" } };

export const STATS_NAMING: StatsNaming = {
  stats_config: {
    use_all_default_tags: false,
    stats_tags: [...ENVOY_TAGS, ...RULE_TAGS, ...ROUTE_TAGS],
    stats_matcher: { exclusion_list: { patterns: [CERTIFICATES_OF_CLUSTERS] } },
  },
};
