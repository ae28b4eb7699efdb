/** Whether something that an Envoy writes tells which rule took a request: then its filters say so to whoever logs, which costs a little. */

import type { ProxyOptions } from "../options.ts";

export function wantsRuleNames({
  accessLog,
  traceTo,
  tap,
}: Pick<ProxyOptions, "accessLog" | "traceTo" | "tap">): boolean {
  return accessLog !== "" || traceTo !== "" || tap;
}
