/**
 * What can be asked of a fleet, and what can be done with it: the methods of `Fleet` that the HTTP interface needs, and all that it
 * knows of one.
 */

import type { Explanation } from "../../answers/explain/explanation.ts";
import type { AskedRequest } from "../../answers/request/asked.ts";
import type { LiveRules } from "../../observe/live.ts";
import type { FleetStatus, ProxyReport, RevisionReport, RolloutReport } from "./report.ts";
import type { RuleCounts } from "./rule-counts.ts";

export interface FleetControl {
  status(): FleetStatus;
  proxies(): readonly ProxyReport[];
  /** The newest first. */
  rollouts(): readonly RolloutReport[];
  /** The newest first. */
  revisions(): readonly RevisionReport[];
  /** What rules have counted at the proxies that report to this server. */
  ruleCounts(): RuleCounts;
  /** What rules do at the proxies of a scope, or at all of them, for as long as somebody looks. */
  live(scope?: string): Pick<LiveRules, "watch" | "history">;
  /** `at`: the listener that is asked. Default: one that knows the host. */
  explain(proxy: string, request: AskedRequest, at?: string): Promise<ProxyExplanation>;
  /** The next wave of the roll-out that is under way begins at once. */
  promote(): void;
  /** The roll-out that is under way is taken back. */
  abort(why: string): void;
  /** A revision that was served before shall be served again, by a roll-out like any other. */
  rollback(revision: string): Promise<void>;
}

/** What becomes of a request at a proxy. */
export interface ProxyExplanation {
  readonly proxy: string;
  /** By which the proxy decides: the one that it has acknowledged last. */
  readonly revision: string;
  readonly explanation: Explanation;
}

/** Why something that was asked of a fleet cannot be. The methods of a `FleetControl` throw it. */
export class FleetControlError extends Error {
  /**
   * - `unknown`: there is no such proxy or revision.
   * - `conflict`: not now: no roll-out is under way, or another server decides.
   * - `invalid`: it makes no sense: a listener that the proxy does not have.
   */
  readonly reason: "unknown" | "conflict" | "invalid";

  constructor(reason: FleetControlError["reason"], message: string) {
    super(message);
    this.name = "FleetControlError";
    this.reason = reason;
  }
}
