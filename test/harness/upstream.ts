/**
 * The stub upstream of `sluice test`, which a request steers by headers here:
 *
 *     x-echo-status      the status of the answer
 *     x-echo-delay-ms    wait so long before answering
 *     x-echo-fail-times  only the first n requests of one x-echo-key get x-echo-status, later ones 200
 */

import { startUpstream, type Upstream, type UpstreamRequest } from "../../compiler/run/stand-in/upstream.ts";

export type { Upstream, UpstreamRequest };

/** Its `reset` forgets the counts of `x-echo-key`, too. */
export function startSteeredUpstream(): Upstream {
  const seen = new Map<string, number>();
  const statusFor = (headers: UpstreamRequest["headers"]): number => {
    const status = Number(headers["x-echo-status"] ?? 200);
    const times = headers["x-echo-fail-times"];
    if (times === undefined) {
      return status;
    }
    const key = headers["x-echo-key"] ?? "";
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return before < Number(times) ? status : 200;
  };
  const upstream = startUpstream(({ headers }) => ({
    status: statusFor(headers),
    delayMs: Number(headers["x-echo-delay-ms"] ?? 0),
  }));
  return {
    ...upstream,
    reset() {
      upstream.reset();
      seen.clear();
    },
  };
}
