/** What a fleet needs of whoever compiles: it knows nothing of workspaces. */

import type { Explanation } from "../../answers/explain/explanation.ts";
import type { AskedRequest } from "../../answers/request/asked.ts";
import type { Compilation } from "../../compile.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { Findings } from "../../diagnostics/render/report.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { EndpointChange } from "../../front/istio/endpoints/endpoint-change.ts";
import type { ResourceSet } from "../../front/resources/model.ts";
import type { HeldObject } from "../../held-object.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Watch } from "../../source/rule-source.ts";
import type { Scope } from "./scope.ts";

/** Rules that are compiled for many proxies; `fleetRules(workspace)`. */
export interface FleetRules {
  /** What holds for a proxy that claims nothing. */
  readonly defaults: ProxyOptions;
  /** What the source has now. */
  read(): Promise<RuleSnapshot>;
  /**
   * What the source had when it was right, told before it is read for the first time: of an object that is wrong from the start,
   * that version holds.
   */
  remember?(sources: readonly SourceFile[]): void;
  /** What the source had once. */
  readAgain(sources: readonly SourceFile[]): RuleSnapshot;
  watch(onChange: () => void): Promise<Watch>;
}

/** One reading of the source: whatever is compiled from it is of the same state of the rules. */
export interface RuleSnapshot {
  /** Digest of the sources: the same rules have the same. */
  readonly revision: string;
  /** Those that hold. */
  readonly sources: readonly SourceFile[];
  /** What the source has to say of itself: what of it cannot be read. */
  readonly findings: readonly Diagnostic[];
  /** Those of which something older holds, or nothing. */
  readonly held: readonly HeldObject[];
  /** What the sources say. */
  readonly resources: ResourceSet;
  /**
   * The same without what is wrong, where texts stand alone: with the last good version of it, or without it. `judge`: what is wrong
   * with a reading for the proxies that there are. Absent: texts are right or wrong together.
   */
  settle?(judge: (tried: RuleSnapshot) => Promise<readonly Diagnostic[]>): Promise<RuleSnapshot>;
  /** What differs from an older reading, if nothing but endpoints does; `undefined`: it has to be compiled. */
  endpointsSince(before: RuleSnapshot): EndpointChange | undefined;
  /** The scope of a proxy with these options, `claimedOptions` of its node: which proxies are alike depends on the rules. */
  scopeOf(proxy: ProxyOptions): Scope;
  /** Given the options of a scope, what is compiled for them is kept for the next reading. */
  compile(proxy: ProxyOptions): Promise<SnapshotResult>;
  /**
   * What becomes of a request at a proxy; `undefined` where the rules are wrong for it. `at`: a listener, if not one that knows
   * the host. Throws a `ListenerError` when none can be asked.
   */
  explain(proxy: ProxyOptions, asked: AskedRequest, at?: string): Explanation | undefined;
}

export interface SnapshotResult {
  readonly findings: Findings;
  /** Absent when the rules are wrong for that proxy. */
  readonly compilation?: Compilation;
}
