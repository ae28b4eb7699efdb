/**
 * What stands in for every upstream in a test: it answers 200 and says which cluster it is. In a real Envoy `startUpstream`
 * answers the same, so that what rules do to an answer can be tested.
 */

import type { HeaderLine } from "../request/wire.ts";

export function standInHeaders(cluster: string): HeaderLine[] {
  return [
    ["x-from-backend", "b1"],
    ["x-backend", cluster],
    ["content-type", "application/json"],
  ];
}
