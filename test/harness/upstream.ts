/**
 * The stub upstream of `sluice test`, which a request steers by headers here:
 *
 *     x-echo-status      the status of the answer
 *     x-echo-delay-ms    wait so long before answering
 *     x-echo-hold        wait until the test says so
 *     x-echo-fail-times  only the first n requests of one x-echo-key get x-echo-status, later ones 200
 */

import { setTimeout as sleep } from "node:timers/promises";
import { startUpstream, type Upstream, type UpstreamRequest } from "../../compiler/run/stand-in/upstream.ts";

export type { Upstream, UpstreamRequest };

export interface SteeredUpstream extends Upstream {
  /** Answers the requests that are held. Those that come later are held again. */
  release(): void;
}

/** Its `reset` forgets the counts of `x-echo-key`, too. */
export function startSteeredUpstream(): SteeredUpstream {
  const seen = new Map<string, number>();
  let held: (() => void)[] = [];
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
  const whenFor = (headers: UpstreamRequest["headers"]): Promise<unknown> | undefined => {
    if (headers["x-echo-hold"] !== undefined) {
      return new Promise<void>((resolve) => held.push(resolve));
    }
    const delay = headers["x-echo-delay-ms"];
    return delay === undefined ? undefined : sleep(Number(delay), undefined, { ref: false });
  };
  const upstream = startUpstream(({ headers }) => {
    const when = whenFor(headers);
    return { status: statusFor(headers), ...(when && { when }) };
  });
  return {
    ...upstream,
    reset() {
      upstream.reset();
      seen.clear();
    },
    release() {
      const answered = held;
      held = [];
      for (const answer of answered) {
        answer();
      }
    },
  };
}
