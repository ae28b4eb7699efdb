/**
 * What can be asked of a fleet, as plain data: the HTTP interface, `sluice fleet` and the library give the same. Fields are added,
 * never changed or removed. Times are ISO 8601 texts.
 */

import type { FindingsSummary } from "../../diagnostics/render/report.ts";

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

/** A limit on the rate of requests, which each proxy counts by itself. */
export interface RateLimitReport {
  /** The rule, `namespace/name#rule`, or all rules of a VirtualService, `namespace/name`. */
  readonly of: string;
  /** As it holds at each listener of each proxy, such as `100/s burst 50`. */
  readonly limit: string;
  /** How many of the proxies that are there obey it. */
  readonly proxies: number;
  /** What all of them together let through. */
  readonly atMost: string;
}

export interface FleetStatus {
  /** What the fleet serves; absent before the first good revision. */
  readonly revision?: string;
  /** What is on its way. */
  readonly next?: string;
  readonly proxies: Readonly<Record<ProxyState, number>>;
  readonly scopes: readonly ScopeReport[];
  /** Absent: the rules have none. */
  readonly rateLimits?: readonly RateLimitReport[];
  /** What is wrong with the newest rules, when they are not taken. */
  readonly refused?: FindingsSummary;
  /** The revision of those rules. */
  readonly refusedRevision?: string;
}

/** How a roll-out stands: see `RolloutPhase` of `rollout/state.ts`. */
export interface RolloutReport {
  readonly id: string;
  readonly revision: string;
  /** What it goes back to when it fails; absent: there was nothing before. */
  readonly from?: string;
  readonly phase: "running" | "done" | "failed" | "aborted" | "superseded";
  readonly began: string;
  readonly ended?: string;
  /** Everybody at once: somebody wanted no waves. */
  readonly now: boolean;
  readonly waves: readonly WaveReport[];
  /** The one that is under way, or was the last; counts from 0. */
  readonly wave: number;
  /** Of each wave, in milliseconds. */
  readonly bakeMs: number;
  /** When the wave has been watched for long enough; absent while some of its proxies have not acknowledged. */
  readonly bakingUntil?: string;
  /** Of the fleet: how many were given the revision, and how many went away and did not come back. */
  readonly proxies: { readonly all: number; readonly changed: number; readonly lost: number };
  /** What the proxies that have the revision answered while the roll-out ran, and what the others did. */
  readonly responses: { readonly changed: ResponseCounts; readonly unchanged: ResponseCounts };
  readonly failure?: RolloutFailureReport;
  /** After a failure: when the last proxy that was there had the old revision again. */
  readonly returned?: string;
}

export interface ResponseCounts {
  readonly requests: number;
  /** 5xx. */
  readonly serverErrors: number;
}

export interface WaveReport {
  /** `shadow`, `1`, `5%`. */
  readonly name: string;
  /** Proxies that were given the revision in it. */
  readonly proxies: number;
  /** Those of them that have acknowledged it. */
  readonly taken: number;
}

/** What stopped a roll-out. */
export interface RolloutFailureReport {
  /** Which check failed: `refusal`, `deadline`, `lost`, `responses`, `cases`, `witnesses` or `operator`. */
  readonly gate: string;
  readonly wave: string;
  readonly at: string;
  /** Absent where it is not one proxy's; `shadow` is the server's own. */
  readonly proxy?: string;
  /** The step of the change that was not taken. */
  readonly step?: string;
  /** Envoy's words, or what the gate counted. */
  readonly words: readonly string[];
  /** What was compared. */
  readonly numbers?: {
    readonly changed: Readonly<Record<string, number>>;
    readonly unchanged: Readonly<Record<string, number>>;
    /** How likely chance alone is. */
    readonly p?: number;
  };
  /** Rules that the revision changed and that the failure points at. */
  readonly rules?: readonly { readonly name: string; readonly file: string; readonly line: number }[];
}
