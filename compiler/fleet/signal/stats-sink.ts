/**
 * How a stock Envoy comes to report its answers to its server: Envoy's own OpenTelemetry sink, told to leave out everything but
 * the counts of answers by listener and class of codes. That is some 600 bytes a report, however large the mesh.
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
}

/** OpenTelemetry's name for the one program of many that reports. */
export const PROXY_ATTRIBUTE = "service.instance.id";
/** A roll-out notices errors within two reports. */
export const REPORT_INTERVAL_MS = 5_000;
/** Counters that are reported: `http.<listener>.downstream_rq_<class>xx`. */
const REPORTED = "http\\..+\\.downstream_rq_[1-5]xx";
const OTHERS = "others";

const SINK = "envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig";

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/stat_sinks/open_telemetry/v3/open_telemetry.proto */
export function statsSink({
  proxyId,
  clusterName,
  initialMetadata = [],
  intervalMs = REPORT_INTERVAL_MS,
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
          report_counters_as_deltas: true,
          emit_tags_as_attributes: false,
          use_tag_extracted_name: false,
          custom_metric_conversions: ALL_BUT_REPORTED,
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
const ALL_BUT_REPORTED = {
  matcher_list: {
    matchers: [
      {
        predicate: {
          not_matcher: {
            single_predicate: {
              input: NAME,
              value_match: { safe_regex: { google_re2: {}, regex: REPORTED } },
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
