/** Which clusters the routes need, collected while they are lowered. */

import type { Span } from "../../source/span.ts";
import type { Service } from "../registry/service.ts";

export interface ClusterUse {
  readonly service: Service;
  readonly port: number;
  /** Empty: all endpoints of the service. */
  readonly subset: string;
  /** Where the subset was asked for first. */
  readonly span?: Span;
}

export function clusterName(port: number, subset: string, host: string): string {
  return `outbound|${port}|${subset}|${host}`;
}

export class ClusterUses {
  readonly #byName = new Map<string, ClusterUse>();

  /** A subset brings the whole service with it, so that rules may move between the two without a new cluster. */
  add(service: Service, port: number, subset = "", span?: Span): void {
    const name = clusterName(port, subset, service.host);
    if (this.#byName.has(name)) {
      return;
    }
    this.#byName.set(name, { service, port, subset, ...(span && { span }) });
    if (subset !== "") {
      this.add(service, port);
    }
  }

  [Symbol.iterator](): IterableIterator<[string, ClusterUse]> {
    return this.#byName.entries();
  }
}
