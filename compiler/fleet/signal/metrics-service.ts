/**
 * What Envoys report of their answers, by OpenTelemetry's protocol, to the server that tells them what to do. Nothing of a report
 * is read but the counts that `stats-sink.ts` asks for.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */

import type { Message } from "@bufbuild/protobuf";
import { messageOf, messageRegistry } from "../../run/ads/messages.ts";
import type { AdsPeer, UnaryMethod } from "../../run/ads/server.ts";
import { PROXY_ATTRIBUTE } from "./stats-sink.ts";

/** What a proxy answered since its last report. */
export interface ResponseReport {
  /** What the report itself claims. */
  readonly proxyId: string;
  readonly requests: number;
  /** 5xx. */
  readonly serverErrors: number;
  readonly listeners: readonly ListenerResponses[];
}

export interface ListenerResponses {
  readonly listener: string;
  readonly requests: number;
  readonly serverErrors: number;
}

const SERVICE = "opentelemetry.proto.collector.metrics.v1";
const COUNTER = /^http\.(.+)\.downstream_rq_([1-5])xx$/;
/** Envoy's own and ours: whoever asks these is no client, or is counted at a listener of the rules as well. */
const NOT_OF_RULES: ReadonlySet<string> = new Set([
  "admin",
  "sluice_admin",
  "sluice_ready",
  "upstream_fault",
]);
/** `AGGREGATION_TEMPORALITY_DELTA`: since the last report, not since the start. */
const DELTA = 1;

interface ExportRequest extends Message {
  readonly resourceMetrics: readonly ResourceMetrics[];
}

interface ResourceMetrics {
  readonly resource?: {
    readonly attributes: readonly {
      readonly key: string;
      readonly value?: { readonly value: { readonly case?: string; readonly value?: unknown } };
    }[];
  };
  readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
}

interface Metric {
  readonly name: string;
  readonly data: {
    readonly case?: string;
    readonly value?: {
      readonly aggregationTemporality?: number;
      readonly dataPoints: readonly {
        readonly value?: { readonly case?: string; readonly value?: bigint | number };
      }[];
    };
  };
}

/** The method that Envoys report to; it belongs on the server that their bootstrap names. */
export async function metricsService(
  onReport: (report: ResponseReport, peer: AdsPeer) => void,
): Promise<UnaryMethod> {
  const [{ fromBinary }, registry] = await Promise.all([import("@bufbuild/protobuf"), messageRegistry()]);
  const schema = messageOf(registry, `${SERVICE}.ExportMetricsServiceRequest`);
  return {
    path: `/${SERVICE}.MetricsService/Export`,
    answer(request, peer) {
      const { resourceMetrics } = fromBinary(schema, request, {
        readUnknownFields: false,
      }) as ExportRequest;
      for (const one of resourceMetrics) {
        onReport(reportOf(one), peer);
      }
      // An answer without anything in it: all was taken.
      return new Uint8Array();
    },
  };
}

function reportOf({ resource, scopeMetrics }: ResourceMetrics): ResponseReport {
  const attribute = resource?.attributes.find(({ key }) => key === PROXY_ATTRIBUTE);
  const proxyId = attribute?.value?.value.value;
  if (typeof proxyId !== "string" || proxyId === "") {
    throw new Error(`the report has no attribute "${PROXY_ATTRIBUTE}", which names its proxy`);
  }
  const listeners = new Map<string, { requests: number; serverErrors: number }>();
  for (const { name, data } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
    const counter = COUNTER.exec(name);
    if (counter === null || NOT_OF_RULES.has(counter[1]!) || data.case !== "sum") {
      continue;
    }
    if (data.value?.aggregationTemporality !== DELTA) {
      throw new Error("the report counts from the start of its proxy; set report_counters_as_deltas");
    }
    const [, listener, codes] = counter as unknown as [string, string, string];
    const count = data.value.dataPoints.reduce((sum, { value }) => sum + Number(value?.value ?? 0), 0);
    const counts = listeners.get(listener) ?? { requests: 0, serverErrors: 0 };
    counts.requests += count;
    counts.serverErrors += codes === "5" ? count : 0;
    listeners.set(listener, counts);
  }
  const all = [...listeners].map(([listener, counts]) => ({ listener, ...counts }));
  return {
    proxyId,
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
    serverErrors: all.reduce((sum, { serverErrors }) => sum + serverErrors, 0),
    listeners: all,
  };
}
