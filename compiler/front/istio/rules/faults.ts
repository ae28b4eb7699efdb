/** `http[].fault`. */

import { GRPC_STATUSES } from "../../../ir/grpc-status.ts";
import type { Fault, FaultAbort } from "../../../ir/ir.ts";
import type { HttpFault, Percent } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";

const MILLION = 1_000_000;

/** A part that would never happen (no percentage means 0) is left out: rolling its dice would cost each request. */
export function lowerFault(fault: HttpFault | undefined): Fault | undefined {
  const delay = lowerDelay(fault?.delay);
  const abort = lowerAbort(fault?.abort);
  return delay === undefined && abort === undefined
    ? undefined
    : { ...(delay && { delay }), ...(abort && { abort }) };
}

function lowerDelay(delay: HttpFault["delay"]): Fault["delay"] | undefined {
  const fixedMs = durationMs(delay?.fixedDelay);
  const share =
    delay?.percentage === undefined ? perMillion((delay?.percent ?? 0) * 10_000) : shareOf(delay.percentage);
  return fixedMs === undefined || share === 0 ? undefined : { fixedMs, perMillion: share };
}

function lowerAbort(abort: HttpFault["abort"]): Fault["abort"] | undefined {
  const share = shareOf(abort?.percentage);
  const error = lowerError(abort);
  return error === undefined || share === 0 ? undefined : { ...error, perMillion: share };
}

function lowerError(abort: HttpFault["abort"]): FaultAbort | undefined {
  if (abort?.httpStatus !== undefined) {
    return { kind: "http", status: abort.httpStatus };
  }
  const status = abort?.grpcStatus === undefined ? -1 : GRPC_STATUSES.indexOf(abort.grpcStatus);
  return status < 0 ? undefined : { kind: "grpc", status };
}

/** istiod cuts the rest off: 0.00009 % is nothing. */
export function shareOf(percentage: Percent | undefined): number {
  return perMillion((percentage?.value ?? 0) * 10_000);
}

export function perMillion(value: number): number {
  return Math.min(MILLION, Math.max(0, Math.trunc(value)));
}
