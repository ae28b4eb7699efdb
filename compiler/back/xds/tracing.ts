/**
 * Spans for an OpenTelemetry collector: one for each request, named after the rule that took it, and in it one for each try
 * at an upstream. The collector is a cluster beside those of the rules; where it does not answer, spans are lost and nothing
 * else.
 *
 * Who decides what is sampled: in the mesh whoever began the trace, by the flag of its `traceparent`. At an edge nobody may make
 * the proxy send what it was not asked to, so traces begin there anew, and what a client says of its own is dropped.
 */

import type { Cluster, Listener } from "../../ir/ir.ts";
import { SYSTEM_ROOTS } from "../../ir/system-roots.ts";
import { parseCollector, type TraceCollector } from "../../options/trace-collector.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Decider } from "../decider.ts";
import { type EnvoyCluster, emitCluster } from "./cluster.ts";
import { dropHeaders } from "./dropped-headers.ts";
import type { EmitContext } from "./options.ts";
import { duration, type Extension, fractionalPercent, type TypedConfig, typed } from "./protobuf.ts";
import { ruleOperators, spanName } from "./rule-operators.ts";

export type TraceOptions = Pick<ProxyOptions, "traceTo" | "traceSampling" | "traceService">;

/** The cluster of the collector. None of rules has such a name. */
export const TRACE_CLUSTER = "sluice_traces";

/** Envoys before it cannot be told the names and tags of spans, and refuse a listener that has them. */
export const FIRST_ENVOY_THAT_TRACES = "1.37.0";

/** `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing` */
export interface Tracing {
  readonly provider: Extension;
  readonly client_sampling?: Percent;
  readonly random_sampling?: Percent;
  readonly spawn_upstream_span: true;
  readonly operation: string;
  readonly upstream_operation: string;
  readonly custom_tags: readonly { readonly tag: string; readonly value: string }[];
}

/** `envoy.type.v3.Percent` */
interface Percent {
  readonly value: number;
}

/** The members of an HTTP connection manager that make it trace. */
export interface TracingFields {
  readonly tracing?: Tracing;
  readonly request_id_extension?: Pick<Extension, "typed_config">;
  readonly early_header_mutation_extensions?: readonly Extension[];
}

const CONNECT_TIMEOUT_MS = 5_000;
const SEND_TIMEOUT_MS = 5_000;

/** What a client says of its trace. */
const TRACE_HEADERS = ["traceparent", "tracestate"];

export function emitTracing(
  { name, role }: Pick<Listener, "name" | "role">,
  decider: Decider,
  options: TraceOptions,
): TracingFields {
  const collector = parseCollector(options.traceTo);
  if (collector === undefined) {
    return {};
  }
  const { RULE, MATCH, FAULT, LISTENER } = ruleOperators(name, decider);
  return {
    tracing: {
      provider: {
        name: "envoy.tracers.opentelemetry",
        typed_config: typed("envoy.config.trace.v3.OpenTelemetryConfig", {
          ...emitService(collector),
          service_name: options.traceService,
          ...(role === "mesh" && { sampler: asItsParent(sampler(options)) }),
        }),
      },
      // At an edge Envoy decides before it makes a span, which costs the least; what clients say of it is dropped before.
      ...(role === "gateway" && {
        client_sampling: { value: 0 },
        random_sampling: { value: options.traceSampling },
      }),
      spawn_upstream_span: true,
      operation: spanName(decider),
      upstream_operation: CLUSTER,
      custom_tags: [
        { tag: "sluice.rule", value: RULE },
        { tag: "sluice.match", value: MATCH },
        { tag: "sluice.fault", value: FAULT },
        { tag: "sluice.cluster", value: CLUSTER },
        { tag: "sluice.listener", value: LISTENER },
      ],
    },
    ...(role === "gateway"
      ? { early_header_mutation_extensions: [DROP_CLIENTS_TRACE] }
      : { request_id_extension: LEFT_TO_SAMPLER }),
  };
}

const CLUSTER = "%UPSTREAM_CLUSTER_RAW%";

/** Of the traces that begin here. */
function sampler({ traceSampling }: TraceOptions): Extension {
  return {
    name: "envoy.tracers.opentelemetry.samplers.trace_id_ratio_based",
    typed_config: typed(`${SAMPLERS}.TraceIdRatioBasedSamplerConfig`, {
      sampling_percentage: fractionalPercent(Math.round(traceSampling * 10_000)),
    }),
  };
}

/** By the flag of whoever began the trace, if anybody did. */
function asItsParent(wrapped_sampler: Extension): Extension {
  return {
    name: "envoy.tracers.opentelemetry.samplers.parent_based",
    typed_config: typed(`${SAMPLERS}.ParentBasedSamplerConfig`, { wrapped_sampler }),
  };
}

const SAMPLERS = "envoy.extensions.tracers.opentelemetry.samplers.v3";

/** Else whoever chooses the id of a request chooses whether it is sampled, and one with an id of another form never is. */
const LEFT_TO_SAMPLER = {
  typed_config: typed("envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig", {
    pack_trace_reason: false,
    use_request_id_for_trace_sampling: false,
  }),
};

const DROP_CLIENTS_TRACE = dropHeaders(TRACE_HEADERS);

function emitService({ protocol, isSecure, host, port, path }: TraceCollector): object {
  const timeout = duration(SEND_TIMEOUT_MS);
  if (protocol === "grpc") {
    return { grpc_service: { envoy_grpc: { cluster_name: TRACE_CLUSTER, authority: host }, timeout } };
  }
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const uri = `${isSecure ? "https" : "http"}://${authority}${path}`;
  return { http_service: { http_uri: { uri, cluster: TRACE_CLUSTER, timeout } } };
}

/** `undefined`: nothing is traced. */
export function emitTraceCluster(context: EmitContext): TypedConfig<EnvoyCluster> | undefined {
  const collector = parseCollector(context.traceTo);
  if (collector === undefined) {
    return undefined;
  }
  const { host, port, protocol, isSecure } = collector;
  const cluster: Cluster = {
    name: TRACE_CLUSTER,
    discovery: { kind: "strictDns", endpoints: [{ address: host, port, weight: 1 }] },
    protocol: protocol === "grpc" ? "http2" : "http1",
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    loadBalancer: { kind: "roundRobin" },
    limits: {},
  };
  return {
    ...emitCluster(cluster, context),
    ...(isSecure && { transport_socket: emitSystemTls(host) }),
  };
}

/** Whom the machine trusts, in the name of the host. */
function emitSystemTls(host: string): Extension {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
      sni: host,
      common_tls_context: {
        validation_context: {
          trusted_ca: { filename: SYSTEM_ROOTS },
          match_typed_subject_alt_names: ["DNS", "IP_ADDRESS"].map((san_type) => ({
            san_type,
            matcher: { exact: host },
          })),
        },
      },
    }),
  };
}
