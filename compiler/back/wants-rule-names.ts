/** Whether something that an Envoy writes tells which rule took a request: then its filters say so to whoever logs, which costs a little. */

import type { AccessLog } from "../ir/access-log.ts";
import type { ProxyOptions } from "../options.ts";

export function wantsRuleNames({
  log,
  traceTo,
  tap,
}: Pick<ProxyOptions, "traceTo" | "tap"> & { readonly log: AccessLog | undefined }): boolean {
  return log !== undefined || traceTo !== "" || tap;
}
