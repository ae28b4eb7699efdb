/** What the emitter needs to know beyond the IR: which proxy, and where it reads what it is told. */

import type { Secret } from "../../ir/ir.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Places } from "./places.ts";

export interface EmitOptions extends ProxyOptions {
  /** The routing blob of each listener, by the listener's name. Not read for the native target. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly places: Places;
}

/** What the emitters of single resources know besides. */
export interface EmitContext extends EmitOptions {
  /** Every secret by name: one that has no place of its own is written where it is used. */
  readonly secrets: ReadonlyMap<string, Secret>;
}
