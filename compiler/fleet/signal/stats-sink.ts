/**
 * How a stock Envoy comes to report to its server what it has counted: Envoy's own OpenTelemetry sink, told to leave out everything
 * but answers by listener and class of codes, and what rules and clusters have counted. Each report has every counter that has ever
 * counted, since Envoy began: one that is lost is made good by the next.
 *
 * Envoy 1.36 knows no action that drops a statistic, and does not start when it is told of one. All versions can give many
 * statistics one name, under which they come as a single one, which nobody reads.
 */

import { duration, type Extension, typed } from "../../back/xds/protobuf.ts";

/** The members of `envoy.config.bootstrap.v3.Bootstrap` that make an Envoy report. */
export interface StatsReporting {
  readonly stats_sinks: readonly Extension[];
  readonly stats_flush_interval: string;
}

export interface StatsSinkOptions {
  /**
   * The node's id, by which the report names its proxy. Absent: whoever starts Envoy says it, by `--service-node`, and again as
   * `service.instance.id=ID` in the variable OTEL_RESOURCE_ATTRIBUTES.
   */
  readonly proxyId?: string;
  /** Of the bootstrap's own cluster for the server; it has to speak HTTP/2. */
  readonly clusterName: string;
  /** Goes with each report, such as a token. */
  readonly initialMetadata?: readonly { readonly key: string; readonly value: string }[];
  /** Between two reports, in milliseconds. */
  readonly intervalMs?: number;
  /** Also what rules and clusters have counted. */
  readonly countsRules: boolean;
}

/** OpenTelemetry's name for the one program of many that reports. */
export const PROXY_ATTRIBUTE = "service.instance.id";
/** A roll-out notices errors within two reports. */
export const REPORT_INTERVAL_MS = 5_000;
/** A gauge, in seconds: it tells a process from the one before it. */
export const UPTIME = "server.uptime";
/** What roll-outs are watched by. */
const ANSWERS = ["http\\..+\\.downstream_rq_[1-5]xx", "server\\.uptime"];
/** Clusters of rules alone have a `;` behind their names. */
const OF_RULES = [
  "wasmcustom\\..+;\\.;sluice_(requests|answers|faults|left|unmatched)_total",
  "cluster\\.[^;]+;\\.upstream_rq_([1-5]xx|retry|timeout|pending_overflow)",
];
/** What everything else is added up under. */
export const OTHERS = "others";

const SINK = "envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig";

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/stat_sinks/open_telemetry/v3/open_telemetry.proto */
export function statsSink({
  proxyId,
  clusterName,
  initialMetadata = [],
  intervalMs = REPORT_INTERVAL_MS,
  countsRules,
}: StatsSinkOptions): StatsReporting {
  return {
    stats_flush_interval: duration(intervalMs),
    stats_sinks: [
      {
        name: "envoy.stat_sinks.open_telemetry",
        typed_config: typed(SINK, {
          grpc_service: {
            envoy_grpc: { cluster_name: clusterName },
            ...(initialMetadata.length > 0 && { initial_metadata: initialMetadata }),
          },
          resource_detectors: [proxyId === undefined ? FROM_ENVIRONMENT : named(proxyId)],
          emit_tags_as_attributes: false,
          use_tag_extracted_name: false,
          custom_metric_conversions: allBut([...ANSWERS, ...(countsRules ? OF_RULES : [])]),
        }),
      },
    ],
  };
}

const DETECTORS = "envoy.tracers.opentelemetry.resource_detectors";
const DETECTOR_MESSAGES = "envoy.extensions.tracers.opentelemetry.resource_detectors.v3";

function named(proxyId: string): Extension {
  return {
    name: `${DETECTORS}.static_config`,
    typed_config: typed(`${DETECTOR_MESSAGES}.StaticConfigResourceDetectorConfig`, {
      attributes: { [PROXY_ATTRIBUTE]: proxyId },
    }),
  };
}

const FROM_ENVIRONMENT: Extension = {
  name: `${DETECTORS}.environment`,
  typed_config: typed(`${DETECTOR_MESSAGES}.EnvironmentResourceDetectorConfig`, {}),
};

const NAME = {
  name: "name",
  typed_config: typed("envoy.extensions.matching.common_inputs.stats.v3.StatFullNameMatchInput", {}),
};

/** `xds.type.matcher.v3.Matcher`: what it finds nothing for is reported by its own name. */
function allBut(reported: readonly string[]): object {
  return {
    matcher_list: {
      matchers: [
        {
          predicate: {
            not_matcher: {
              single_predicate: {
                input: NAME,
                value_match: { safe_regex: { google_re2: {}, regex: reported.join("|") } },
              },
            },
          },
          on_match: {
            action: {
              name: "others",
              typed_config: typed(`${SINK}.ConversionAction`, { metric_name: OTHERS }),
            },
          },
        },
      ],
    },
  };
}
