/**
 * How long Envoy's router is to give a request: as long as its rule says, or less where a gRPC client gives it less
 * (`grpc-timeout`). Envoy caps a client's deadline by the timeout of a route (`max_grpc_timeout`), but takes one from
 * a header as it stands.
 */

import { arenaAlloc } from "../host/memory";
import { addHeader } from "../host/stream";
import { ascii, beginsWith, equalsConstant, lengthOf } from "../host/text";
import * as layout from "../layout";
import { program } from "../program/current";
import { contentType, contentTypeLength, grpcTimeout, grpcTimeoutLength } from "../program/request";

const TIMEOUT = ascii(layout.TIMEOUT_HEADER);
const GRPC = ascii("application/grpc");
const GRPC_WEB = ascii("application/grpc-web");
const GRPC_WEB_PROTO = ascii("application/grpc-web+proto");
const GRPC_WEB_TEXT = ascii("application/grpc-web-text");
const GRPC_WEB_TEXT_PROTO = ascii("application/grpc-web-text+proto");

/** As many digits as a u64 has at most. */
const DIGITS = 20;
/** gRPC gives a deadline eight digits. */
const MAX_DEADLINE: u64 = 99999999;

/** Tells the router of a rule's timeout, in milliseconds. */
export function writeTimeout(ruleMs: u64): void {
  const deadline = grpcTimeout && isGrpc() ? clientDeadline(grpcTimeout, grpcTimeoutLength) : 0;
  let rest = deadline ? min(deadline, ruleMs) : ruleMs;
  const end = arenaAlloc(DIGITS) + DIGITS;
  let at = end;
  do {
    store<u8>(--at, <u8>(0x30 + (rest % 10)));
    rest /= 10;
  } while (rest);
  addHeader(TIMEOUT, lengthOf(TIMEOUT), at, end - at);
}

/** Whether Envoy's router takes the request for one of gRPC. */
function isGrpc(): bool {
  const length = contentTypeLength;
  if (!contentType || !beginsWith(contentType, length, GRPC)) return false;
  if (length == lengthOf(GRPC) || load<u8>(contentType + lengthOf(GRPC)) == 0x2b /* + */) return true;
  return (
    (load<u32>(program, layout.HEADER_FLAGS) & layout.FLAG_GRPC_WEB) != 0 &&
    (equalsConstant(contentType, length, GRPC_WEB) ||
      equalsConstant(contentType, length, GRPC_WEB_PROTO) ||
      equalsConstant(contentType, length, GRPC_WEB_TEXT) ||
      equalsConstant(contentType, length, GRPC_WEB_TEXT_PROTO))
  );
}

/**
 * A `grpc-timeout` in milliseconds, rounded up; 0 for none, and for what Envoy does not understand. Like Envoy, this
 * takes a sign and blanks around the number.
 */
export function clientDeadline(text: usize, length: i32): u64 {
  if (length < 2) return 0;
  let at = text;
  let end = text + length - 1;
  const unit = load<u8>(end);
  while (at < end && isBlank(load<u8>(at))) at++;
  while (at < end && isBlank(load<u8>(end - 1))) end--;
  // Less than nothing is no deadline, and neither is nothing.
  if (at < end && load<u8>(at) == 0x2b /* + */) at++;
  if (at == end) return 0;
  let value: u64 = 0;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return 0;
    value = value * 10 + digit;
    if (value > MAX_DEADLINE) return 0;
  }
  switch (unit) {
    case 0x48 /* H */:
      return value * 3600000;
    case 0x4d /* M */:
      return value * 60000;
    case 0x53 /* S */:
      return value * 1000;
    case 0x6d /* m */:
      return value;
    case 0x75 /* u */:
      return (value + 999) / 1000;
    case 0x6e /* n */:
      return (value + 999999) / 1000000;
    default:
      return 0;
  }
}

/** ASCII white space. */
function isBlank(byte: u32): bool {
  return byte == 0x20 || byte - 9 < 5;
}
