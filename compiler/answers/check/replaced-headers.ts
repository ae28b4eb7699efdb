/**
 * Header operations of a rule that delegates, where the delegate's rule has its own: they replace the root's as a whole,
 * so that a header which the root sets for everybody is not set.
 */

import type { Headers } from "../../front/resources/model.ts";
import type { VirtualService } from "./rule-surroundings.ts";
import type { View } from "./view.ts";

export function reportReplacedHeaders(view: View): void {
  const byName = new Map(view.resources.virtualServices.map((one) => [`${one.namespace}/${one.name}`, one]));
  for (const root of view.resources.virtualServices) {
    for (const [i, rule] of (root.spec.http ?? []).entries()) {
      const { delegate, headers } = rule ?? {};
      const names = namesIn(headers);
      const other = delegate && byName.get(`${delegate.namespace || root.namespace}/${delegate.name}`);
      if (other === undefined || other.spec.hosts?.length || names.length === 0) {
        continue;
      }
      reportRules(root, i, names, other, view);
    }
  }
}

function reportRules(
  root: VirtualService,
  rule: number,
  names: readonly string[],
  delegate: VirtualService,
  view: View,
): void {
  for (const [i, { headers }] of (delegate.spec.http ?? []).entries()) {
    if (headers === undefined) {
      continue;
    }
    const own = new Set(namesIn(headers));
    const lost = names.filter((name) => !own.has(name));
    if (lost.length === 0) {
      continue;
    }
    view.report(
      "SL0823",
      delegate,
      ["spec", "http", i, "headers"],
      `these replace the headers of the rule that delegates to it, in VirtualService ${root.namespace}/${root.name}: ${lost.join(", ")} ${lost.length === 1 ? "is" : "are"} lost`,
      {
        related: [
          { message: "the rule that delegates", span: root.spanOf(["spec", "http", rule, "headers"]) },
        ],
        help: "Repeat them here.",
      },
    );
  }
}

/** `request.set x-team`: what is done to which header. */
function namesIn(headers: Headers | undefined): string[] {
  return (["request", "response"] as const).flatMap((side) => [
    ...Object.keys(headers?.[side]?.set ?? {}).map((name) => `${side}.set ${name}`),
    ...Object.keys(headers?.[side]?.add ?? {}).map((name) => `${side}.add ${name}`),
    ...(headers?.[side]?.remove ?? []).map((name) => `${side}.remove ${name}`),
  ]);
}
