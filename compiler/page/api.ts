/**
 * What the page asks its server, and what it is answered: the one description that both sides import. Ids of rules, names of
 * clusters and listeners are labels, the same as in `LiveReport`. Times are milliseconds since 1970.
 *
 *     GET  /api/rules                         RulesView     what is served, and what is written
 *     GET  /api/lines?file=0&from=1&to=200    LinesView     lines of a file, in tokens
 *     GET  /api/live                          events        `report`, `rules`, `event`, `tap`, `pending`: see `PageEvents`
 *     GET  /api/history?rule=…&match=…        HistoryView   the last hour of one rule, or of one of its matches
 *     POST /api/explain   ExplainQuestion  →  ExplainAnswer
 *     POST /api/tap       TapQuestion      →  TapState      `percent: 0` ends it
 *     POST /api/apply     {}               →  {}            of an edit that `--hold` keeps back
 *     GET  /api/fleet                         FleetView     of a page of a fleet alone
 *     POST /api/fleet     FleetChange      →  {}            with a token that may change the fleet
 */

import type { Explanation } from "../answers/explain/explanation.ts";
import type { JsonDiagnostic } from "../diagnostics/render/json.ts";
import type { FleetStatus, ProxyReport, ProxyState, RolloutReport } from "../fleet/model/report.ts";
import type { LiveReport } from "../observe/live-report.ts";
import type { TappedRequest } from "../observe/tapped-request.ts";

export interface RulesView {
  /** Counts from 1; one more with each change that serves. */
  readonly generation: number;
  /** 0 before Envoy serves. */
  readonly servedSince: number;
  /** What the page is of: `this Envoy`, or the scope of a fleet. */
  readonly title: string;
  readonly version: string;
  readonly target: "wasm" | "native" | "auto";
  /** Whether requests are counted by rule, at all listeners, at those that the filter decides for, or at none. */
  readonly counts: "all" | "filtered" | "none";
  /** The page is of this scope of a fleet. Absent: of one Envoy. */
  readonly scope?: string;
  readonly files: readonly { readonly path: string; readonly lines: number }[];
  /** In the order of files and lines. */
  readonly rules: readonly RuleView[];
  readonly listeners: readonly ListenerView[];
  readonly clusters: readonly string[];
  /** Of `check`, all of them; of many rules they come later, and `rules` is told again. */
  readonly findings: readonly JsonDiagnostic[];
  readonly pending?: PendingView;
}

/** One rule, or one of its matches where it has several: they follow one another, and have the id and the lines of their rule. */
export interface RuleView {
  readonly id: string;
  readonly match?: string;
  /** As people say it: its name, or `rule 2 of shop/reviews`. */
  readonly name: string;
  readonly resource: string;
  /** What is asked for, as `explain` says it, such as `uri prefix "/api"`; none takes every request. */
  readonly conditions: readonly string[];
  /** Index in `files`; lines count from 1, the last one included. */
  readonly file: number;
  readonly line: number;
  readonly lastLine: number;
  /** Where the match stands, if the rule has several. */
  readonly matchLine?: number;
  readonly listeners: readonly string[];
  readonly destinations: readonly {
    readonly cluster: string;
    readonly line: number;
    readonly weight: number;
  }[];
  readonly answers?: "redirect" | "direct";
  /** `line`: of the fault, where it is known. */
  readonly delay?: { readonly ms: number; readonly percent: number; readonly line?: number };
  readonly abort?: { readonly status: string; readonly percent: number; readonly line?: number };
}

export interface ListenerView {
  readonly name: string;
  /** `127.0.0.1:8080`, or a path. */
  readonly address: string;
  readonly role: "gateway" | "mesh";
  readonly tls: boolean;
  /** Whether requests are counted by rule here. */
  readonly counted: boolean;
  readonly hosts: readonly {
    readonly name: string;
    readonly domains: readonly string[];
    /** Indices in `rules`, in the order in which they are tried. */
    readonly rules: readonly number[];
  }[];
}

/** Some of the lines that were asked for, at least one where there is one: long ones fill an answer. */
export interface LinesView {
  /** Of the rules that they are of: a file of another generation is another file. */
  readonly generation: number;
  /** Of the first line. */
  readonly from: number;
  /** A line is its tokens, which make up its text. */
  readonly lines: readonly (readonly LineToken[])[];
}

export type LineToken = readonly [kind: TokenKind, text: string];
export type TokenKind = "key" | "string" | "number" | "word" | "punctuation" | "comment" | "space" | "other";

/** Server-sent events by their names; the data is JSON. */
export interface PageEvents {
  /** The first has everything; those that follow have the rules that moved. */
  readonly report: LiveReport;
  /** Envoy does not answer, since some moment: what was told before is old. The next report ends that. */
  readonly silent: { readonly since: number; readonly why: string };
  /** What is served, or known of it, has changed: ask for the rules again. */
  readonly rules: { readonly generation: number };
  readonly event: PageEvent;
  readonly tap: TappedRequest;
  readonly tapState: TapState;
  readonly pending: PendingView | null;
  /** Of a fleet: the whole of it, at most once a second. */
  readonly fleet: FleetView;
}

/** Something that happened to what is served, newest last. */
export interface PageEvent {
  readonly at: number;
  readonly kind:
    | "serving"
    | "reloaded"
    | "refused"
    | "rejected"
    | "blocked"
    | "held"
    | "failed"
    | "rollout"
    | "draining"
    | "stopped";
  readonly text: string;
  readonly findings?: readonly JsonDiagnostic[];
}

/** An edit that is not applied: because it is wrong, because Envoy has yet to take it, or because `--hold` waits for somebody. */
export interface PendingView {
  readonly since: number;
  /** `hold`: waits for `POST /api/apply`. `wrong`: has errors. `applying`: on its way. */
  readonly state: "hold" | "wrong" | "applying";
  readonly findings: readonly JsonDiagnostic[];
  /** Requests that are decided otherwise, as `sluice diff` found them. */
  readonly witnesses: readonly {
    readonly request: string;
    readonly before: string;
    readonly after: string;
  }[];
  /** The last sampled requests, decided by both programs. */
  readonly replay?: {
    readonly of: number;
    readonly changed: number;
    /** Headers that the edit reads and samples do not have: those requests are decided as if they had none of them. */
    readonly unseen?: readonly string[];
    readonly examples: readonly {
      readonly request: string;
      readonly before: string;
      readonly after: string;
    }[];
  };
}

export interface ExplainQuestion {
  /** A `curl` line, or a line such as `GET http://reviews/`. */
  readonly text?: string;
  readonly request?: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly listener?: string;
  };
  readonly client?: AskingClient;
}

/** Who asks, beside what the request itself says: `--from`, `--jwt` and `--claims` of `sluice explain`. A token is a secret: it is in no URL, and nobody keeps it. */
export interface AskingClient {
  /** An address, before all proxies. */
  readonly from?: string;
  /** Put where the listener's rules look for one. */
  readonly jwt?: string;
  /** JSON of a token that is taken to be verified. */
  readonly claims?: string;
}

export type ExplainAnswer =
  | { readonly explanation: Explanation; readonly text: string }
  | { readonly problem: string };

export interface TapQuestion {
  /** 0 to 100. */
  readonly percent: number;
  readonly rule?: string;
  /** `503` or `5xx`. */
  readonly status?: string;
}

export interface TapState {
  readonly percent: number;
  /** When it ends by itself; absent: it is off. */
  readonly until?: number;
  /** Requests that were left out because there were too many. */
  readonly dropped: number;
}

/** How a fleet is, and what becomes of the change that is on its way. */
export interface FleetView {
  readonly at: number;
  readonly status: FleetStatus;
  /** The newest first; only the last ones. */
  readonly rollouts: readonly RolloutReport[];
  /** Those that need somebody's attention first; only so many. */
  readonly proxies: readonly ProxyReport[];
  /** How many there are beside these. */
  readonly moreProxies: number;
  /** By scope and state, all proxies. */
  readonly states: readonly {
    readonly scope: string;
    readonly counts: Readonly<Record<ProxyState, number>>;
  }[];
  /** Whether the server has tokens with which the fleet can be changed. */
  readonly canChange: boolean;
}

/** What the HTTP interface of the server does for whoever has the token: `/v1/rollouts/current/…`. */
export interface FleetChange {
  readonly action: "promote" | "abort";
  readonly token: string;
  /** For the report of what is aborted. */
  readonly why?: string;
}

export interface HistoryView {
  readonly rule: string;
  readonly match?: string;
  readonly stepMs: number;
  /** Requests in each step, the oldest first. */
  readonly requests: readonly number[];
}
