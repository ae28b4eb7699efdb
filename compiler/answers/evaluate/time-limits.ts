/**
 * How long Envoy's router gives a request, and what it tells the upstream of that: the timeouts of the rule, and the
 * deadline of a gRPC client (`grpc-timeout`), which ends a request before them.
 */

import { EXPECTED_TIMEOUT_HEADER } from "../../back/envoy-headers.ts";
import type { Forward, RouteTable } from "../../ir/ir.ts";
import type { HeaderLine } from "../request/wire.ts";
import { headerOf, setHeader } from "./headers.ts";

/** In milliseconds; 0 is no limit. */
export interface TimeLimits {
  readonly timeoutMs: number;
  readonly perTryTimeoutMs: number;
  /** What the client itself has said. */
  readonly deadlineMs: number;
  readonly isGrpc: boolean;
}

const GRPC_TIMEOUT_HEADER = "grpc-timeout";

export function timeLimitsOf(
  request: readonly HeaderLine[],
  { timeoutMs: ruleMs, retry }: Forward,
  { grpcWeb }: Pick<RouteTable, "grpcWeb">,
): TimeLimits {
  const isGrpc = speaksGrpc(headerOf(request, "content-type") ?? "", grpcWeb === true);
  const deadlineMs = isGrpc ? clientDeadline(headerOf(request, GRPC_TIMEOUT_HEADER) ?? "") : 0;
  const limits = [ruleMs > 0 ? Math.max(1, Math.round(ruleMs)) : 0, deadlineMs].filter((ms) => ms > 0);
  const timeoutMs = limits.length === 0 ? 0 : Math.min(...limits);
  const perTry = retry.attempts > 0 ? Math.round(retry.perTryTimeoutMs) : 0;
  // A try that may take as long as all of them together has no limit of its own.
  const perTryTimeoutMs = timeoutMs > 0 && perTry >= timeoutMs ? 0 : perTry;
  return { timeoutMs, perTryTimeoutMs, deadlineMs, isGrpc };
}

/** A request with what the upstream is told of its limits. */
export function withTimeLimits(
  request: readonly HeaderLine[],
  { timeoutMs, perTryTimeoutMs, isGrpc }: TimeLimits,
  { suppressesEnvoyHeaders }: Pick<RouteTable, "suppressesEnvoyHeaders"> = {},
): readonly HeaderLine[] {
  const expected = perTryTimeoutMs || timeoutMs;
  if (expected === 0) {
    return request;
  }
  const told = suppressesEnvoyHeaders
    ? request
    : setHeader(request, EXPECTED_TIMEOUT_HEADER, String(expected));
  return isGrpc ? setHeader(told, GRPC_TIMEOUT_HEADER, grpcTimeout(expected)) : told;
}

/** gRPC-Web is gRPC where Envoy translates it. */
function speaksGrpc(contentType: string, grpcWeb: boolean): boolean {
  return (
    /^application\/grpc(?:\+|$)/s.test(contentType) ||
    (grpcWeb && /^application\/grpc-web(?:-text)?(?:\+proto)?$/.test(contentType))
  );
}

/** gRPC gives a deadline eight digits. */
const MAX_VALUE = 99_999_999;
/** How many milliseconds a unit has, or how many of it one millisecond has. */
const LONG_UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1 };
const SHORT_UNITS: Readonly<Record<string, number>> = { u: 1000, n: 1_000_000 };

/** 0 for what Envoy does not understand. */
function clientDeadline(text: string): number {
  const [, digits, unit = ""] = /^[\t-\r ]*\+?(\d+)[\t-\r ]*([HMSmun])$/.exec(text) ?? [];
  const value = Number(digits ?? 0);
  return value > MAX_VALUE ? 0 : Math.ceil((value * (LONG_UNITS[unit] ?? 1)) / (SHORT_UNITS[unit] ?? 1));
}

/** As Envoy writes a deadline: in milliseconds, or else in the smallest unit for which eight digits are enough. */
function grpcTimeout(ms: number): string {
  if (ms <= MAX_VALUE) {
    return `${ms}m`;
  }
  let value = Math.floor(ms / 1000);
  for (const unit of ["S", "M"]) {
    if (value <= MAX_VALUE) {
      return `${value}${unit}`;
    }
    value = Math.floor(value / 60);
  }
  return `${Math.min(value, MAX_VALUE)}H`;
}
