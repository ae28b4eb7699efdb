/** Which clusters the routes need, collected while they are lowered. */

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
}

export function clusterName(port: number, subset: string, host: string): string {
  return `outbound|${port}|${subset}|${host}`;
}

export class ClusterUses {
  readonly #byName = new Map<string, ClusterUse>();
  #recorded: ClusterUse[] | undefined;

  /** A subset brings the whole service with it, so that rules may move between the two without a new cluster. */
  add(service: Service, port: number, subset = "", more: Pick<ClusterUse, "span" | "atEdge"> = {}): void {
    this.addUse({ name: clusterName(port, subset, service.host), service, port, subset, ...more });
  }

  addUse(use: ClusterUse): void {
    this.#recorded?.push(use);
    const { name, service, port, subset } = use;
    const known = this.#byName.get(name);
    if (known !== undefined) {
      if (use.atEdge && !known.atEdge) {
        this.#byName.set(name, { ...known, atEdge: true });
      }
      return;
    }
    this.#byName.set(name, use);
    if (subset !== "") {
      this.add(service, port);
    }
  }

  /** Also tells what was added meanwhile. */
  record<T>(run: () => T): { readonly result: T; readonly uses: readonly ClusterUse[] } {
    const uses: ClusterUse[] = [];
    this.#recorded = uses;
    try {
      return { result: run(), uses };
    } finally {
      this.#recorded = undefined;
    }
  }

  [Symbol.iterator](): IterableIterator<[string, ClusterUse]> {
    return this.#byName.entries();
  }
}
