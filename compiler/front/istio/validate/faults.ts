/** Delays and aborts. Source: istiod's `validateHTTPFaultInjection`. */

import { GRPC_STATUSES } from "../../../ir/grpc-status.ts";
import type { FieldPath } from "../../resources/resource.ts";
import type { HttpRoute } from "../../resources/types.ts";
import { checkDuration, quote } from "./common.ts";
import { checkPercentage } from "./percentage.ts";
import type { Reporter } from "./reporter.ts";
import { checkStatus } from "./status-codes.ts";

export function checkFault(reporter: Reporter, { fault }: HttpRoute, path: FieldPath): void {
  if (!fault) {
    return;
  }
  const at = [...path, "fault"];
  if (!fault.abort && !fault.delay) {
    reporter.report("SL0230", at, "the fault has neither a delay nor an abort");
  }
  if (fault.delay) {
    checkDuration(reporter, fault.delay.fixedDelay, [...at, "delay", "fixedDelay"]);
    if (fault.delay.exponentialDelay !== undefined) {
      reporter.report(
        "SL0231",
        [...at, "delay", "exponentialDelay"],
        "Envoy does not support exponential delays",
        "Use fixedDelay.",
      );
    }
    checkPercentage(reporter, fault.delay.percentage, [...at, "delay", "percentage"], 0.0001);
  }
  if (fault.abort) {
    const { abort } = fault;
    checkStatus(reporter, abort.httpStatus, [...at, "abort", "httpStatus"]);
    if (abort.grpcStatus !== undefined && !GRPC_STATUSES.includes(abort.grpcStatus)) {
      reporter.report(
        "SL0232",
        [...at, "abort", "grpcStatus"],
        `${quote(abort.grpcStatus)} is not a valid gRPC status`,
        `Use one of ${GRPC_STATUSES.join(", ")}.`,
      );
    }
    if (abort.http2Error !== undefined) {
      reporter.report(
        "SL0231",
        [...at, "abort", "http2Error"],
        "Envoy cannot inject HTTP/2 errors",
        "Use httpStatus or grpcStatus.",
      );
    }
    checkPercentage(reporter, abort.percentage, [...at, "abort", "percentage"], 0.0001);
  }
}
