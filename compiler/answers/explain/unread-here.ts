/** What Istio's proxy would obey besides the rules, of what concerns the listener that is asked. */

import { positionAt } from "../../diagnostics/position.ts";
import type { SeenRequest, UnreadResource } from "../../front/istio/unread/unread-resource.ts";
import type { Listener } from "../../ir/ir.ts";

/** A resource that may have the request end otherwise in Istio. Fields are added, never changed or removed. */
export interface UnreadHere {
  readonly kind: string;
  /** `namespace/name` */
  readonly resource: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `deny`: it may be refused; `change`: something may be done to it; `route`: another rule may take it. */
  readonly may: "deny" | "change" | "route";
}

/** `request`: absent where Envoy refuses it before anything else looks at it, and nothing more can happen to it. */
export function unreadHere(
  unread: readonly UnreadResource[],
  { role }: Listener,
  request: SeenRequest | undefined,
): UnreadHere[] {
  if (request === undefined) {
    return [];
  }
  return unread.flatMap(({ resource, effect, roles, mayConcern }) => {
    if (effect === "demandsMutualTls" || !roles.includes(role) || mayConcern?.(request) === false) {
      return [];
    }
    const { file, start } = resource.spanOf(["kind"]);
    const { line, column } = positionAt(file, start);
    const name = `${resource.namespace}/${resource.name}`;
    return [{ kind: resource.kind, resource: name, file: file.path, line, column, may: MAY[effect] }];
  });
}

const MAY = { denies: "deny", changes: "change", routes: "route" } as const;
