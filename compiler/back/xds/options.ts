/** What the emitter needs to know beyond the IR: which proxy, and where it reads what it is told. */

import type { AccessLog } from "../../ir/access-log.ts";
import type { Listener, PathNormalization, Secret } from "../../ir/ir.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Decider } from "../decider.ts";
import type { Places } from "./places.ts";

export interface EmitOptions extends ProxyOptions {
  /** The routing blob of each listener that the filter decides for, by the listener's name; others have Envoy's own routes. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly places: Places;
}

/** Whether the filter decides for a listener, as its program says; else Envoy's own routes do. */
export function isFiltered({ name }: Pick<Listener, "name">, { target, blobs }: DecidingOptions): boolean {
  return target === "auto" ? blobs.has(name) : target === "wasm";
}

/** The same as a word. */
export function deciderAt(listener: Pick<Listener, "name">, options: DecidingOptions): Decider {
  return isFiltered(listener, options) ? "wasm" : "native";
}

/**
 * By what Envoy asks for the routes of a listener. Where rules may move between the filter and Envoy's own routes, a listener
 * that drains goes on reading its table, while its successor reads one of the other kind: they have two names.
 */
export function routeTableName(listener: Pick<Listener, "name">, options: DecidingOptions): string {
  return options.target === "auto" && !isFiltered(listener, options)
    ? `${listener.name}_native`
    : listener.name;
}

type DecidingOptions = Pick<EmitOptions, "target" | "blobs">;

/** What the emitters of single resources know besides. */
export interface EmitContext extends EmitOptions {
  /** Every secret by name: one that has no place of its own is written where it is used. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Of the configuration that is emitted. */
  readonly normalization: PathNormalization;
  /** What is written of requests. Absent: nothing. */
  readonly log: AccessLog | undefined;
  /** How long a client of a port that may speak anything has to begin, in milliseconds; 0: as long as it likes. */
  readonly detectionTimeoutMs: number;
}
