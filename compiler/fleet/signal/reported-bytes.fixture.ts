/** A report as an Envoy writes it, of what a test says that it has counted. */

import { create, toBinary } from "@bufbuild/protobuf";
import { messageOf, messageRegistry } from "../../run/ads/messages.ts";
import { PROXY_ATTRIBUTE, UPTIME } from "./stats-sink.ts";

export interface Counted {
  readonly proxyId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Seconds. */
  readonly uptime?: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly temporality?: "delta" | "cumulative";
}

const REQUEST = "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest";

export async function reportWriter(): Promise<(counted: Counted) => Uint8Array> {
  const schema = messageOf(await messageRegistry(), REQUEST);
  return ({ proxyId, at, uptime, counters, temporality }) => {
    const points = (value: number) => [
      {
        timeUnixNano: BigInt(at) * 1_000_000n,
        startTimeUnixNano: BigInt(at) * 1_000_000n,
        value: { case: "asInt", value: BigInt(value) },
      },
    ];
    const metrics = [
      ...(uptime === undefined
        ? []
        : [{ name: UPTIME, data: { case: "gauge", value: { dataPoints: points(uptime) } } }]),
      ...Object.entries(counters).map(([name, value]) => ({
        name,
        data: {
          case: "sum",
          value: {
            isMonotonic: true,
            aggregationTemporality: temporality === "delta" ? 1 : 2,
            dataPoints: points(value),
          },
        },
      })),
    ];
    const attributes = [{ key: PROXY_ATTRIBUTE, value: { value: { case: "stringValue", value: proxyId } } }];
    const request = { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] };
    return toBinary(schema, create(schema, request as Record<string, unknown>));
  };
}
