/**
 * What can be done to the request of the effective context.
 */

import {
  proxy_add_header_map_value,
  proxy_continue_stream,
  proxy_get_header_map_pairs,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
  proxy_send_local_response,
  proxy_set_effective_context,
  proxy_set_tick_period_milliseconds,
} from "@solo-io/proxy-runtime/assembly/imports";

const REQUEST_HEADERS: i32 = 0;
const REQUEST_STREAM: i32 = 0;
const NO_GRPC_STATUS: u32 = 0xffffffff;

/** What a header callback answers. */
export const CONTINUE: u32 = 0;
export const STOP_ITERATION: u32 = 1;
/** Keep the body back too, within Envoy's buffer limits. */
export const STOP_ALL_AND_WATERMARK: u32 = 4;

const pairsResult = memory.data(8, 8);

/**
 * All request headers, in the arena:
 * `count | (name length, value length) × count | (name, 0, value, 0) × count`. 0 when the host has none.
 */
export function readHeaders(): usize {
  store<u64>(pairsResult, 0);
  if (proxy_get_header_map_pairs(REQUEST_HEADERS, pairsResult, pairsResult + 4)) return 0;
  return <usize>load<u32>(pairsResult);
}

/**
 * Adds a header that the request does not have: what a client sent under its name was removed before. Adding is
 * a little cheaper than replacing.
 */
export function addHeader(name: usize, nameLength: usize, value: usize, valueLength: usize): void {
  proxy_add_header_map_value(REQUEST_HEADERS, name, nameLength, value, valueLength);
}

/** Makes a header have this one value, whatever it had. */
export function setHeader(name: usize, nameLength: usize, value: usize, valueLength: usize): void {
  proxy_replace_header_map_value(REQUEST_HEADERS, name, nameLength, value, valueLength);
}

/** Removes every line of a header. */
export function removeHeader(name: usize, nameLength: usize): void {
  proxy_remove_header_map_value(REQUEST_HEADERS, name, nameLength);
}

/** Answers in place of an upstream; `lines` are headers, as in `readHeaders`. For gRPC clients Envoy turns the status into a gRPC one, as it does itself. */
export function respond(
  status: u32,
  details: usize,
  detailsLength: usize,
  body: usize,
  bodyLength: usize,
  lines: usize = 0,
  linesLength: usize = 0,
): void {
  respondGrpc(status, NO_GRPC_STATUS, details, detailsLength, body, bodyLength, lines, linesLength);
}

/** The same with a gRPC status of our own, which only gRPC clients get to see. */
export function respondGrpc(
  status: u32,
  grpcStatus: u32,
  details: usize,
  detailsLength: usize,
  body: usize,
  bodyLength: usize,
  lines: usize = 0,
  linesLength: usize = 0,
): void {
  if (!lines) {
    lines = pairsResult;
    linesLength = 4;
    store<u32>(lines, 0);
  }
  proxy_send_local_response(status, details, detailsLength, body, bodyLength, lines, linesLength, grpcStatus);
}

/** Makes the following calls apply to another context. False when it is gone. */
export function enter(context: u32): bool {
  return proxy_set_effective_context(context) == 0;
}

/** Lets a paused request go on. */
export function resume(): void {
  proxy_continue_stream(REQUEST_STREAM);
}

/** Calls the effective context's root every so many milliseconds; 0 stops. */
export function setTick(milliseconds: u32): void {
  proxy_set_tick_period_milliseconds(milliseconds);
}
