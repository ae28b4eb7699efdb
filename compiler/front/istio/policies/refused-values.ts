/** Values of a traffic policy that istiod passes on and Envoy refuses, or not every supported Envoy takes. */

import { parseDuration } from "../../resources/schema/duration.ts";

const LARGEST_RING = 8_388_608;

const isEmpty = (value: unknown) => value === "";
const isUnfitForHeader = (value: unknown) => typeof value === "string" && /[\0\r\n]/.test(value);
const isTooLarge = (value: unknown) => typeof value === "number" && value > LARGEST_RING;
const isNegative = (value: unknown) => typeof value === "string" && (parseDuration(value) ?? 0) < 0;

/** The kernel's own limits: with more, the option is refused, and with it every connection. */
const LONGEST_KEEPALIVE_S = 32_767;
const MOST_PROBES = 127;
const isTooLong = (value: unknown) =>
  typeof value === "string" && (parseDuration(value) ?? 0) > LONGEST_KEEPALIVE_S * 1000;
const isTooMany = (value: unknown) => typeof value === "number" && value > MOST_PROBES;

const KEEPALIVE = "connectionPool.tcp.tcpKeepalive";
const HASH = "loadBalancer.consistentHash";

const REFUSED: readonly (readonly [path: string, when: (value: unknown) => boolean, why: string])[] = [
  [`${HASH}.httpHeaderName`, isEmpty, "a header needs a name"],
  [`${HASH}.httpHeaderName`, isUnfitForHeader, "it contains a line break or a NUL"],
  [`${HASH}.httpQueryParameterName`, isEmpty, "a query parameter needs a name"],
  [`${HASH}.httpCookie.ttl`, isNegative, "a cookie's ttl must not be negative"],
  [`${HASH}.httpCookie.attributes[].name`, isUnfitForHeader, "it contains a line break or a NUL"],
  [`${HASH}.httpCookie.attributes[].value`, isUnfitForHeader, "it contains a line break or a NUL"],
  [`${HASH}.ringHash.minimumRingSize`, isTooLarge, `Envoy allows at most ${LARGEST_RING} entries in a ring`],
  [`${HASH}.minimumRingSize`, isTooLarge, `Envoy allows at most ${LARGEST_RING} entries in a ring`],
  [`${KEEPALIVE}.time`, isTooLong, `Linux sockets allow at most ${LONGEST_KEEPALIVE_S}s`],
  [`${KEEPALIVE}.interval`, isTooLong, `Linux sockets allow at most ${LONGEST_KEEPALIVE_S}s`],
  [`${KEEPALIVE}.probes`, isTooMany, `Linux sockets allow at most ${MOST_PROBES}`],
];

export const REFUSED_POLICY_VALUES = REFUSED.map(([path, when, why]) => ({
  path,
  when,
  why,
  code: "SL0501" as const,
}));
