/** The shape of a `LiveReport`, for the description of the HTTP interface. */

import { boolean, list, object, type Schema, string } from "../../front/resources/schema/build.ts";
import type {
  LiveCluster,
  LiveDestination,
  LiveListener,
  LiveReport,
  LiveRule,
  Rate,
  Share,
} from "../../observe/live-report.ts";

const number: Schema<number> = { type: "number" };
const count: Schema<number> = { type: "integer", minimum: 0 };

const rate: Schema<Rate> = object({ total: count, perSecond: number }, { required: ["total", "perSecond"] });

const answers = object(
  { "2xx": rate, "3xx": rate, "4xx": rate, "5xx": rate },
  { required: ["2xx", "3xx", "4xx", "5xx"] },
);

const listener: Schema<LiveListener> = object(
  { name: string, requests: rate, unknownHost: rate, noRule: rate, withoutRule: rate, answers },
  { required: ["name", "requests", "unknownHost", "noRule", "answers"] },
);

const share: Schema<Share> = object(
  { wanted: number, seen: number, low: number, high: number, of: count, agrees: boolean },
  { required: ["wanted", "seen", "low", "high", "of", "agrees"] },
);

const destination: Schema<LiveDestination> = object(
  { cluster: string, requests: rate, share },
  { required: ["cluster", "requests"] },
);

const rule: Schema<LiveRule> = object(
  {
    listener: string,
    rule: string,
    match: string,
    requests: rate,
    lastHit: number,
    destinations: list(destination),
    redirects: rate,
    directAnswers: rate,
    delays: rate,
    aborts: rate,
    left: rate,
    limited: rate,
  },
  {
    required: [
      "listener",
      "rule",
      "requests",
      "destinations",
      "redirects",
      "directAnswers",
      "delays",
      "aborts",
      "left",
      "limited",
    ],
  },
);

const cluster: Schema<LiveCluster> = object(
  {
    name: string,
    requests: rate,
    answers,
    retries: rate,
    timeouts: rate,
    overflows: rate,
    active: count,
    endpoints: object(
      { total: count, healthy: count, ejected: count },
      { required: ["total", "healthy", "ejected"] },
    ),
    latency: object({ p50: number, p99: number }, { required: ["p50", "p99"] }),
  },
  {
    required: ["name", "requests", "answers", "retries", "timeouts", "overflows", "active", "endpoints"],
  },
);

export const LIVE: Schema<LiveReport> = object(
  {
    at: number,
    windowMs: number,
    listeners: list(listener),
    rules: list(rule),
    clusters: list(cluster),
  },
  { required: ["at", "windowMs", "listeners", "rules", "clusters"] },
);
