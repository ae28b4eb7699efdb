/** All that a roll-out knows, as plain data: it is kept on the disk, and whoever reads it goes on from there. Times are milliseconds. */

import type { RolloutFailureReport } from "../model/report.ts";
import type { RolloutPlan } from "./plan.ts";

/** A proxy, as far as a roll-out asks. */
export interface Member {
  readonly id: string;
  /** Of its scope. */
  readonly scope: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What clients were answered. */
export interface Responses {
  readonly requests: number;
  /** 5xx. */
  readonly serverErrors: number;
}

/**
 * - `superseded`: a newer revision took its place.
 * - `aborted`: somebody ended it.
 */
export type RolloutPhase = "running" | "done" | "failed" | "aborted" | "superseded";

/**
 * - `refusal`: a proxy refused the revision.
 * - `deadline`: a proxy did not acknowledge it in time.
 * - `lost`: more of the changed proxies lost their stream than of the others.
 * - `responses`: the changed proxies answered with more 5xx than the others.
 * - `cases`, `witnesses`: a question was not answered as it should.
 * - `operator`: somebody ended it.
 */
export type Gate = "refusal" | "deadline" | "lost" | "responses" | "cases" | "witnesses" | "operator";

/** Where a rule stands. */
export interface BlamedRule {
  /** `namespace/name#rule`, or the resource. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** As it is reported, but for the time, which is in milliseconds. */
export interface RolloutFailure extends Omit<RolloutFailureReport, "gate" | "at"> {
  readonly gate: Gate;
  readonly at: number;
}

export interface MemberState {
  readonly scope: string;
  readonly canary: boolean;
  /** What it has while its wave has not come. */
  readonly base: string;
  /** What it has acknowledged last; absent: not known. */
  has?: string | undefined;
  /** The wave by which it was given the new revision, counting from 0; absent: it was not. */
  wave?: number;
  /** Since when it owes an answer. */
  owesSince?: number | undefined;
  /** Since when it has no stream. */
  awaySince?: number | undefined;
  /** It had the new revision, or was being given it, when its stream was lost. */
  leftChanged?: boolean | undefined;
  /** How often it has left, with the revision that it shall have now. */
  departures: number;
  /** It did not come back in time, or kept leaving: with the new revision (`changed`), or without it. For good. */
  lost?: "changed" | "unchanged";
  /** What it answered lately when the roll-out began, where that is known. */
  readonly earlier?: Responses;
  /** What it answered since by older revisions, and by the new one. */
  before: Responses;
  after: Responses;
}

export interface RolloutState {
  readonly id: string;
  /** Absent: there is nothing to go back to. */
  readonly from?: string;
  readonly to: string;
  readonly plan: RolloutPlan;
  phase: RolloutPhase;
  readonly began: number;
  /** No wave begins before: proxies are about to come back to a server that has just started. */
  readonly notBefore: number;
  ended?: number;
  /** Counts from 0; -1 before the first. */
  wave: number;
  waveBegan: number;
  /** Since when every proxy of the wave has acknowledged. */
  bakingSince?: number | undefined;
  /** A proxy that joins belongs to a wave that is a share if its score is not above. */
  cutoff?: string | undefined;
  /** Of the server's own Envoy. */
  shadow: "waiting" | "taken" | "skipped";
  /** Of cases and witnesses. */
  questions: "none" | "waiting" | "passed";
  failure?: RolloutFailure;
  /** After a failure: every proxy that is there has the old revision again. */
  returned?: number;
  readonly members: Record<string, MemberState>;
}

export function isRunning({ phase }: RolloutState): boolean {
  return phase === "running";
}

/** Some proxies are yet to have the old revision again. */
export function isTakingBack({ phase, returned }: RolloutState): boolean {
  return (phase === "failed" || phase === "aborted") && returned === undefined;
}
