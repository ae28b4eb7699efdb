/**
 * What can be asked of a fleet, as plain data: the HTTP interface, `sluice fleet` and the library give the same. Fields are added,
 * never changed or removed. Times are ISO 8601 texts.
 */

import type { FindingsSummary } from "../diagnostics/render/report.ts";

/**
 * - `joining`: it has a stream, and has acknowledged nothing yet.
 * - `current`: it has acknowledged the revision that it shall have.
 * - `behind`: a change is under way.
 * - `refused`: it has refused a revision, and serves by the one before.
 * - `silent`: it does not acknowledge; either may serve.
 * - `lost`: it has no stream; it goes on with what it had.
 */
export type ProxyState = "joining" | "current" | "behind" | "refused" | "silent" | "lost";

export interface ProxyReport {
  readonly id: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `region/zone/subzone`. */
  readonly locality?: string;
  /** Of its Envoy. */
  readonly version?: string;
  /** Proxies of one scope are told the same. */
  readonly scope: string;
  readonly state: ProxyState;
  /** Since when it is in this state. */
  readonly since: string;
  /** What it has acknowledged last. */
  readonly revision?: string;
  /** What it shall have. */
  readonly wanted?: string;
  /** In Envoy's words: why it refuses, or what it does not acknowledge. */
  readonly words?: readonly string[];
}

/**
 * - `waiting`: no proxy has it yet.
 * - `rolling out`: some proxies have it.
 * - `serving`: all shall have it.
 * - `failed`: it was taken back.
 * - `superseded`: a newer one has replaced it.
 */
export type RevisionState = "waiting" | "rolling out" | "serving" | "failed" | "superseded";

export interface RevisionReport {
  readonly id: string;
  readonly seen: string;
  readonly state: RevisionState;
  readonly findings: FindingsSummary;
  /** How many proxies have acknowledged it, and have nothing newer. */
  readonly proxies: number;
}

/** How many proxies are told the same. */
export interface ScopeReport {
  readonly key: string;
  readonly proxies: number;
}

export interface FleetStatus {
  /** What the fleet serves; absent before the first good revision. */
  readonly revision?: string;
  /** What is on its way. */
  readonly next?: string;
  readonly proxies: Readonly<Record<ProxyState, number>>;
  readonly scopes: readonly ScopeReport[];
  /** What is wrong with the newest rules, when they are not taken. */
  readonly refused?: FindingsSummary;
}
