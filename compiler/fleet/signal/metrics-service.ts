/**
 * Where Envoys report what they have counted, by OpenTelemetry's protocol: on the server that tells them what to do.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */

import type { AdsPeer, UnaryMethod } from "../../run/ads/server.ts";
import { readReports, type StatisticsReport } from "./statistics-report.ts";

/** The method that Envoys report to; it belongs on the server that their bootstrap names. */
export function metricsService(onReport: (report: StatisticsReport, peer: AdsPeer) => void): UnaryMethod {
  return {
    path: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    answer(request, peer) {
      for (const report of readReports(request)) {
        onReport(report, peer);
      }
      // An answer without anything in it: all was taken.
      return new Uint8Array();
    },
  };
}
