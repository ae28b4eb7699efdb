/** The annotation `sluice.dev/rate-limit`: each limit has to be one, and has to be of a rule that there is. */

import { nearest } from "../../../diagnostics/nearest.ts";
import type { Resource, VirtualServiceSpec } from "../../resources/model.ts";
import { EACH_RULE, parseRateLimits } from "../../resources/rate-limits.ts";
import { MESH } from "../rules/gateway-names.ts";

/** All that is wrong with a value, in words; undefined when nothing is. */
export function wrongRateLimits(
  value: string,
  { spec }: Pick<Resource<VirtualServiceSpec>, "spec">,
): string | undefined {
  const written = parseRateLimits(value);
  if ("wrong" in written) {
    return written.wrong.join("; ");
  }
  const names = (spec.http ?? []).flatMap((rule) => rule?.name || []);
  const unknown = written.limits.flatMap(({ rule }) =>
    rule === undefined || rule === EACH_RULE || names.includes(rule) ? [] : [rule],
  );
  if (unknown.length > 0) {
    return unknown.map((rule) => unknownRule(rule, names)).join("; ");
  }
  if (!spec.http?.length) {
    return "there are no http rules that it could limit";
  }
  return written.limits.some(({ by }) => by?.kind === "claim") && isOfMesh(spec)
    ? "limits by a claim are only for rules that are bound to gateways and not to the mesh, where no token is verified"
    : undefined;
}

/** Not so a delegate, which has the gateways of those that delegate to it. */
function isOfMesh({ hosts, gateways }: VirtualServiceSpec): boolean {
  return !!hosts?.length && (!gateways?.length || gateways.includes(MESH));
}

function unknownRule(rule: string, names: readonly string[]): string {
  const near = nearest(rule, names);
  return `there is no http rule "${rule}"${near === undefined ? "" : `, but one "${near}"`}`;
}
