/** What Istio's proxies obey and nothing here reads, as the questions about it need it. */

import type { Role } from "../../../ir/ir.ts";
import type { FieldPath, Resource } from "../../resources/model.ts";

export interface UnreadResource {
  readonly resource: Resource<unknown>;
  /**
   * `denies`: requests that we let through. `changes`: what happens to requests. `routes`: requests that no rule of ours is
   * for. `demandsMutualTls`: of whoever calls certain workloads.
   */
  readonly effect: "denies" | "changes" | "routes" | "demandsMutualTls";
  /** The field that does it. Absent: all of it does. */
  readonly at?: FieldPath;
  /** What Istio's proxy does because of it, to be put behind its name. */
  readonly what: string;
  /** What to do in its place, as a sentence, where there is something. */
  readonly help?: string;
  /** The listeners whose requests it is about. None: those that no listener of ours gets. */
  readonly roles: readonly Role[];
  /** Whether it can make a difference to this request. Absent: to any. */
  readonly mayConcern?: (request: SeenRequest) => boolean;
}

/** A request as rules see it, its path normalised. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
}
