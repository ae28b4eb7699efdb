/** Which clusters the routes need. */

import type { Span } from "../../diagnostics/span.ts";
import type { Service } from "./service.ts";

export interface ClusterUse {
  /** That of the cluster: kept, since a rule is asked for its uses again and again. */
  readonly name: string;
  readonly service: Service;
  readonly port: number;
  /** Empty: all endpoints of the service. */
  readonly subset: string;
  /** Where the subset was asked for first. */
  readonly span?: Span;
  /** Some Gateway leads to it. */
  readonly atEdge?: true;
  readonly passesTls?: PassesTls;
}

/** TLS of the mesh goes on as it is, to those that have a sidecar; `all`: nobody knows who has one. */
export type PassesTls = "toSidecars" | "toAll";

/** The same by names alone: what stays of a use when the endpoints of its service are others. */
export interface ClusterPart {
  /** Of the cluster. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly subset: string;
  readonly passesTls?: PassesTls;
}

function clusterPart({ name, service: { host }, port, subset, passesTls }: ClusterUse): ClusterPart {
  return { name, host, port, subset, ...(passesTls && { passesTls }) };
}

export function clusterName(port: number, subset: string, host: string): string {
  return `outbound|${port}|${subset}|${host}`;
}

export function clusterUse(
  service: Service,
  port: number,
  subset = "",
  more: Pick<ClusterUse, "span" | "atEdge"> = {},
): ClusterUse {
  return { name: clusterName(port, subset, service.host), service, port, subset, ...more };
}

/** The same list for the same uses, which never change. */
export function clusterParts(uses: readonly ClusterUse[]): readonly ClusterPart[] {
  const known = partsOf.get(uses) ?? uses.map(clusterPart);
  partsOf.set(uses, known);
  return known;
}

const partsOf = new WeakMap<readonly ClusterUse[], readonly ClusterPart[]>();

/**
 * One use for each cluster, the first. A subset brings the whole service with it, so that rules may move between the two
 * without a new cluster. The same list for the same uses, which never change.
 */
export function distinctUses(uses: readonly ClusterUse[]): readonly ClusterUse[] {
  const known = distinct.get(uses) ?? findDistinct(uses);
  distinct.set(uses, known);
  return known;
}

const distinct = new WeakMap<readonly ClusterUse[], readonly ClusterUse[]>();

function findDistinct(uses: readonly ClusterUse[]): readonly ClusterUse[] {
  const byName = new Map<string, ClusterUse>();
  for (const use of uses) {
    const { name, service, port, subset } = use;
    const known = byName.get(name);
    if (known === undefined) {
      byName.set(name, use);
      const whole = subset === "" || use.passesTls ? undefined : clusterUse(service, port);
      if (whole !== undefined && !byName.has(whole.name)) {
        byName.set(whole.name, whole);
      }
    } else if (use.atEdge && !known.atEdge) {
      byName.set(name, { ...known, atEdge: true });
    }
  }
  return [...byName.values()];
}
