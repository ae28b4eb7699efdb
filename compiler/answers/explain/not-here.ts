/**
 * Rules that a request never meets at a listener, and why: their matches are for another gateway, port or source, or an
 * earlier rule takes every request. They left no route, so the resources themselves are asked.
 */

import type { HttpMatchRequest, Resource, VirtualServiceSpec } from "../../front/resources/model.ts";
import type { VirtualHost } from "../../ir/ir.ts";
import { place, type RulePlace } from "../../ir/origin.ts";

export interface RuleNotHere extends RulePlace {
  readonly name: string;
  readonly why: string;
}

/** Of the VirtualServices that rule a virtual host; what a delegate has is told of the delegate itself. */
export function rulesNotHere(
  { routes }: VirtualHost,
  virtualServices: readonly Resource<VirtualServiceSpec>[],
): RuleNotHere[] {
  const key = (resource: string, rule: number, match: number | undefined) =>
    `${resource} ${rule} ${match ?? ""}`;
  const here = new Set(
    routes.flatMap(({ origin }) => (origin ? [key(origin.resource, origin.rule, origin.match)] : [])),
  );
  const ruling = new Set(routes.flatMap(({ origin }) => (origin ? [origin.resource] : [])));
  return virtualServices.flatMap((resource) => {
    const title = `${resource.kind} ${resource.namespace}/${resource.name}`;
    if (!ruling.has(title)) {
      return [];
    }
    return (resource.spec.http ?? []).flatMap((http, rule) => {
      // A rule that delegates stands here as the rules of its delegate.
      if (http.delegate !== undefined) {
        return [];
      }
      const matches: readonly (HttpMatchRequest | undefined)[] = http.match?.length
        ? http.match
        : [undefined];
      return matches.flatMap((match, index) => {
        const at = match && index;
        if (here.has(key(title, rule, at))) {
          return [];
        }
        const span = resource.spanOf(["spec", "http", rule, ...(at === undefined ? [] : ["match", at])]);
        const origin = { resource: title, rule, span, ...(at !== undefined && { match: at }) };
        const name = [http.name, match?.name].filter(Boolean).join(".");
        return [{ ...place(origin), name, why: reason(match) }];
      });
    });
  });
}

function reason(match: HttpMatchRequest | undefined): string {
  const conditions = [
    ...(match?.gateways?.length ? [`gateways ${match.gateways.join(", ")}`] : []),
    ...(match?.port ? [`port ${match.port}`] : []),
    ...(match?.sourceNamespace ? [`sourceNamespace ${match.sourceNamespace}`] : []),
    ...Object.entries(match?.sourceLabels ?? {}).map(([name, value]) => `sourceLabels ${name}=${value}`),
  ];
  return conditions.length > 0
    ? `is for ${conditions.join(" and ")}, or stands behind a rule that takes every request`
    : "stands behind a rule that takes every request, or leads nowhere";
}
