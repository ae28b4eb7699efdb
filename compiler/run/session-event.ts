/** What happens in a session, as data: whoever shows it finds the words. */

import type { Compilation } from "../compile.ts";
import type { Findings } from "../diagnostics/render/report.ts";
import type { HeldObject } from "../held-object.ts";
import type { Cluster } from "../ir/ir.ts";
import type { StepName } from "./delivery/steps.ts";
import type { EnvoyProcess } from "./envoy/start.ts";

/** What became of a change. */
export type ReloadEvent =
  /** After each compilation, also one without findings. */
  | { readonly kind: "diagnostics"; readonly findings: Findings; readonly held: readonly HeldObject[] }
  /** The new rules are wrong; the old ones go on. */
  | { readonly kind: "refused"; readonly findings: Findings }
  /** The new rules are good, and wait for `apply`; `files` are those that have changed. The old ones go on. */
  | { readonly kind: "held"; readonly compilation: Compilation; readonly files: readonly string[] }
  /** The new rules serve, `ms` milliseconds after the change was noticed. */
  | { readonly kind: "reloaded"; readonly compilation: Compilation; readonly ms: number }
  /** Nothing of the change concerns this Envoy. */
  | { readonly kind: "unchanged" }
  /** Envoy reads what has changed only when it starts; the old rules go on. */
  | { readonly kind: "restartNeeded" }
  /** Envoy did not take a step of the change, in its own words; the old rules go on. `again`: it is tried again. */
  | {
      readonly kind: "rejected";
      readonly step: StepName;
      readonly words: readonly string[];
      readonly again: boolean;
    }
  /** The machine has not what the change needs: a port that is free. The old rules go on, and it is tried again. */
  | { readonly kind: "blocked"; readonly words: readonly string[] }
  /** Envoy does not answer, so nobody knows which rules serve. It is tried again until Envoy does. */
  | { readonly kind: "unknown"; readonly words: readonly string[] }
  /**
   * Something else went wrong, our own mistakes included. It is tried again. `untouched`: before Envoy was given anything, so that
   * the old rules go on; else it is not known which rules serve.
   */
  | { readonly kind: "failed"; readonly error: unknown; readonly untouched: boolean };

/** What happens in a session. */
export type SessionEvent =
  | ReloadEvent
  /** How an Envoy is found: what is tried, what is installed. A line for people. */
  | { readonly kind: "envoy"; readonly line: string }
  | { readonly kind: "serving"; readonly envoy: EnvoyProcess; readonly compilation: Compilation }
  /** None of the names of a cluster can be resolved: requests for it are answered 503. */
  | { readonly kind: "unresolved"; readonly cluster: Cluster; readonly names: readonly string[] }
  /** They can be resolved again. */
  | { readonly kind: "resolved"; readonly cluster: Cluster; readonly names: readonly string[] }
  /** A line of Envoy's log. */
  | { readonly kind: "log"; readonly line: string }
  /** A line of the access log, where Envoy writes it to its standard output. */
  | { readonly kind: "access"; readonly line: string }
  /** `stop` was called; so many requests and TCP connections are under way, and have so much time. */
  | { readonly kind: "draining"; readonly inFlight: number; readonly limitMs: number }
  /** So many of them did not end in time. */
  | { readonly kind: "cut"; readonly inFlight: number }
  /** `stop` was called, and nothing is left. */
  | { readonly kind: "stopped" };
