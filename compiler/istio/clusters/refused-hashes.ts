/** Values of `consistentHash` that istiod passes on and Envoy refuses, below a traffic policy. */

import { parseDuration } from "../../schema/duration.ts";

const LARGEST_RING = 8_388_608;

const emptyName = (value: unknown) => value === "";
const unfitForHeader = (value: unknown) => typeof value === "string" && /[\0\r\n]/.test(value);
const tooLarge = (value: unknown) => typeof value === "number" && value > LARGEST_RING;
const negative = (value: unknown) => typeof value === "string" && (parseDuration(value) ?? 0) < 0;

const REFUSED: readonly (readonly [path: string, when: (value: unknown) => boolean, why: string])[] = [
  ["httpHeaderName", emptyName, "a header needs a name"],
  ["httpHeaderName", unfitForHeader, "it has a line break or a NUL"],
  ["httpQueryParameterName", emptyName, "a query parameter needs a name"],
  ["httpCookie.ttl", negative, "a cookie cannot live less than no time"],
  ["httpCookie.attributes[].name", unfitForHeader, "it has a line break or a NUL"],
  ["httpCookie.attributes[].value", unfitForHeader, "it has a line break or a NUL"],
  ["ringHash.minimumRingSize", tooLarge, `Envoy's largest ring has ${LARGEST_RING} entries`],
  ["minimumRingSize", tooLarge, `Envoy's largest ring has ${LARGEST_RING} entries`],
];

export const REFUSED_HASHES = REFUSED.map(([path, when, why]) => ({
  path: `loadBalancer.consistentHash.${path}`,
  when,
  why,
  code: "SL0501" as const,
}));
