/**
 * The shapes of what the HTTP interface takes and gives, written once: the OpenAPI description has them, requests are checked
 * against them, and a test holds every answer against them. Each admits nothing but its type of `report.ts`.
 */

import type { FindingsSummary } from "../../diagnostics/render/report.ts";
import {
  anything,
  boolean,
  list,
  map,
  object,
  oneOf,
  type Schema,
  string,
  text,
} from "../../front/resources/schema/build.ts";
import type {
  FleetStatus,
  ProxyReport,
  RateLimitReport,
  ResponseCounts,
  RevisionReport,
  RolloutFailureReport,
  RolloutReport,
  ScopeReport,
  WaveReport,
} from "../model/report.ts";
import { LIVE } from "./live-schema.ts";

function described<T>(schema: Schema<T>, description: string): Schema<T> {
  return { ...schema, description };
}

const count: Schema<number> = { type: "integer", minimum: 0 };
/** ISO 8601. */
const time: Schema<string> = { type: "string", format: "date-time" };

const findingsSummary: Schema<FindingsSummary> = object(
  { errors: count, warnings: count, infos: count, strict: boolean },
  { required: ["errors", "warnings", "infos", "strict"] },
);

const scope: Schema<ScopeReport> = object({ key: string, proxies: count }, { required: ["key", "proxies"] });

const rateLimit: Schema<RateLimitReport> = object(
  {
    of: described(string, "The rule, or the VirtualService whose rules share it."),
    limit: described(string, "As it holds at each listener of each proxy, such as 100/s burst 50."),
    proxies: described(count, "How many of the proxies that are there obey it."),
    atMost: described(string, "What all of them together let through."),
  },
  { required: ["of", "limit", "proxies", "atMost"] },
);

const STATES = ["joining", "current", "behind", "refused", "silent", "lost"] as const;
const byState = object(
  { joining: count, current: count, behind: count, refused: count, silent: count, lost: count },
  { required: STATES },
);

const status: Schema<FleetStatus> = object(
  {
    revision: described(string, "What the fleet serves; absent before the first good revision."),
    next: described(string, "What is on its way."),
    proxies: described(byState, "How many proxies there are in each state."),
    scopes: described(list(scope), "How many proxies are told the same."),
    rateLimits: described(list(rateLimit), "Limits of rules, and what they come to; absent for none."),
    refused: described(findingsSummary, "What is wrong with the newest rules, when they are not taken."),
    refusedRevision: described(string, "The revision of those rules."),
  },
  { required: ["proxies", "scopes"] },
);

const proxy: Schema<ProxyReport> = object(
  {
    id: string,
    cluster: string,
    namespace: string,
    labels: map(string),
    locality: described(string, "region/zone/subzone"),
    version: described(string, "Of its Envoy."),
    scope: described(string, "Proxies of one scope are told the same."),
    state: oneOf(...STATES),
    since: described(time, "Since when it is in this state."),
    revision: described(string, "What it has acknowledged last."),
    wanted: described(string, "What it shall have."),
    words: described(list(string), "In Envoy's words: why it refuses, or what it does not acknowledge."),
  },
  { required: ["id", "cluster", "namespace", "labels", "scope", "state", "since"] },
);

const revision: Schema<RevisionReport> = object(
  {
    id: string,
    seen: time,
    state: oneOf("waiting", "rolling out", "serving", "failed", "superseded"),
    findings: findingsSummary,
    proxies: described(count, "How many proxies have acknowledged it, and have nothing newer."),
  },
  { required: ["id", "seen", "state", "findings", "proxies"] },
);

const wave: Schema<WaveReport> = object(
  {
    name: string,
    proxies: described(count, "Proxies that were given the revision in it."),
    taken: described(count, "Those of them that have acknowledged it."),
  },
  { required: ["name", "proxies", "taken"] },
);

const responses: Schema<ResponseCounts> = object(
  { requests: count, serverErrors: described(count, "5xx.") },
  { required: ["requests", "serverErrors"] },
);

const number: Schema<number> = { type: "number" };

const failure: Schema<RolloutFailureReport> = object(
  {
    gate: described(string, "refusal, deadline, lost, responses, cases, witnesses or operator"),
    wave: string,
    at: time,
    proxy: string,
    step: string,
    words: list(string),
    numbers: described(
      object(
        {
          changed: map(number),
          unchanged: map(number),
          p: described(number, "How likely chance alone is."),
        },
        { required: ["changed", "unchanged"] },
      ),
      "What was compared.",
    ),
    rules: list(object({ name: string, file: string, line: count }, { required: ["name", "file", "line"] })),
  },
  { required: ["gate", "wave", "at", "words"] },
);

const rollout: Schema<RolloutReport> = object(
  {
    id: string,
    revision: string,
    from: described(string, "What it goes back to when it fails; absent: there was nothing before."),
    phase: oneOf("running", "done", "failed", "aborted", "superseded"),
    began: time,
    ended: time,
    now: described(boolean, "Everybody at once: somebody wanted no waves."),
    waves: list(wave),
    wave: described(count, "The one that is under way, or was the last; counts from 0."),
    bakeMs: described(count, "How long each wave is watched, in milliseconds."),
    bakingUntil: described(time, "When the wave has been watched for long enough."),
    proxies: described(
      object({ all: count, changed: count, lost: count }, { required: ["all", "changed", "lost"] }),
      "How many were given the revision, and how many went away and did not come back.",
    ),
    responses: described(
      object({ changed: responses, unchanged: responses }, { required: ["changed", "unchanged"] }),
      "What the proxies that have the revision answered while the roll-out ran, and what the others did.",
    ),
    failure,
    returned: described(time, "After a failure: when the last proxy had the old revision again."),
  },
  {
    required: [
      ...(["id", "revision", "phase", "began", "now", "waves", "wave", "bakeMs"] as const),
      ...(["proxies", "responses"] as const),
    ],
  },
);

const outcome = object(
  {
    outcome: described(
      oneOf("reached", "failed", "superseded", "refused", "pending"),
      "reached: all proxies that are there have acknowledged it. failed: it was taken back. superseded: a newer one came before it was everywhere. refused: the newest rules have errors. pending: none of these within the time.",
    ),
    revision: described(string, "The whole id, once the server knows it."),
    proxies: described(count, "How many proxies are to have it: those with a stream."),
    acknowledged: described(count, "How many of them have acknowledged it."),
  },
  { required: ["outcome", "proxies", "acknowledged"] },
);

const error = object(
  {
    error: object(
      {
        code: described(string, "For programs: bad_request, unauthenticated, not_found, conflict, …"),
        message: described(string, "For people."),
      },
      { required: ["code", "message"] },
    ),
  },
  { required: ["error"] },
);

/** By the names that the OpenAPI description gives them. */
export const SCHEMAS = {
  Error: error,
  Status: status,
  Proxy: proxy,
  Proxies: object({ proxies: list(proxy) }, { required: ["proxies"] }),
  Revisions: object({ revisions: list(revision) }, { required: ["revisions"] }),
  Rollouts: object({ rollouts: list(rollout) }, { required: ["rollouts"] }),
  Outcome: outcome,
  Live: LIVE,
  Explained: object(
    {
      proxy: string,
      revision: described(string, "The one that the proxy has acknowledged last, by which it decides."),
      explanation: described(
        object({}, { open: true }),
        "As sluice explain --format json has it in explanation.",
      ),
    },
    { required: ["proxy", "revision", "explanation"] },
  ),
  Accepted: object({ accepted: boolean }, { required: ["accepted"] }),
  Health: object({ status: oneOf("ok") }, { required: ["status"] }),
  Readiness: object(
    { ready: boolean, waitsFor: described(list(string), "What is missing; absent when it is ready.") },
    { required: ["ready"] },
  ),
  Abort: object({ why: described(text(1000), "For the report.") }),
  Rollback: object(
    { revision: described(text(200), "Its id, or the beginning of it.") },
    { required: ["revision"] },
  ),
  OpenApi: anything,
} as const;

export type SchemaName = keyof typeof SCHEMAS;
