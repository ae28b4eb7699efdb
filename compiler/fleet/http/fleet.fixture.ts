/** A fleet that answers what a test wants to see answered, and remembers what was done with it. */

import type { Explanation } from "../../answers/explain/explanation.ts";
import type { LiveReport } from "../../observe/live-report.ts";
import { type FleetControl, FleetControlError } from "../model/fleet-control.ts";
import type { FleetStatus, ProxyReport, RevisionReport, RolloutReport } from "../model/report.ts";

export const NEW = "3f2a9c0d11e4";
export const OLD = "0b77aa1205cd";

const NO_FINDINGS = { errors: 0, warnings: 0, infos: 0, strict: false };

export function proxy(id: string, more: Partial<ProxyReport> = {}): ProxyReport {
  return {
    id,
    cluster: "edge",
    namespace: "shop",
    labels: { app: "web" },
    scope: "shop",
    state: "current",
    since: "2026-11-29T20:00:00.000Z",
    revision: NEW,
    wanted: NEW,
    ...more,
  };
}

export function revision(id: string, more: Partial<RevisionReport> = {}): RevisionReport {
  return {
    id,
    seen: "2026-11-29T20:00:00.000Z",
    state: "serving",
    findings: NO_FINDINGS,
    proxies: 1,
    ...more,
  };
}

/** Of a roll-out that a refusal has stopped. */
export const FAILED: RolloutReport = {
  id: "7",
  revision: NEW,
  from: OLD,
  phase: "failed",
  began: "2026-11-29T20:00:00.000Z",
  ended: "2026-11-29T20:00:10.000Z",
  now: false,
  waves: [
    { name: "shadow", proxies: 1, taken: 1 },
    { name: "1", proxies: 2, taken: 1 },
  ],
  wave: 1,
  bakeMs: 60_000,
  bakingUntil: "2026-11-29T20:01:00.000Z",
  proxies: { all: 20, changed: 2, lost: 0 },
  responses: {
    changed: { requests: 900, serverErrors: 1 },
    unchanged: { requests: 16_000, serverErrors: 21 },
  },
  failure: {
    gate: "refusal",
    wave: "1",
    at: "2026-11-29T20:00:09.000Z",
    proxy: "p2",
    step: "clusters",
    words: ["cluster reviews: ring size is too large"],
    rules: [{ name: "shop/reviews", file: "rules/reviews.yaml", line: 12 }],
  },
  returned: "2026-11-29T20:00:11.000Z",
};

const rate = (total: number) => ({ total, perSecond: total / 5 });
const ANSWERS = { "2xx": rate(41), "3xx": rate(0), "4xx": rate(0), "5xx": rate(1) };

export const LIVE: LiveReport = {
  at: 1_800_000_000_000,
  windowMs: 5_000,
  listeners: [
    {
      name: "mesh",
      requests: rate(42),
      unknownHost: rate(0),
      noRule: rate(0),
      withoutRule: rate(0),
      answers: ANSWERS,
    },
  ],
  rules: [
    {
      listener: "mesh",
      rule: "shop/reviews#split",
      match: "1",
      requests: rate(42),
      lastHit: 1_800_000_000_000,
      destinations: [
        {
          cluster: "outbound|9080|v1|reviews",
          requests: rate(42),
          share: { wanted: 0.9, seen: 1, low: 0.88, high: 1, of: 42, agrees: true },
        },
      ],
      redirects: rate(0),
      directAnswers: rate(0),
      delays: rate(0),
      aborts: rate(0),
      left: rate(0),
      limited: rate(0),
    },
  ],
  clusters: [
    {
      name: "outbound|9080|v1|reviews",
      requests: rate(42),
      answers: ANSWERS,
      retries: rate(0),
      timeouts: rate(0),
      overflows: rate(0),
      active: 0,
      endpoints: { total: 2, healthy: 2, ejected: 0 },
    },
  ],
};

export class FakeFleet implements FleetControl {
  statusNow: FleetStatus = {
    revision: NEW,
    next: OLD,
    proxies: { joining: 0, current: 1, behind: 0, refused: 1, silent: 0, lost: 0 },
    scopes: [{ key: "shop", proxies: 2 }],
    refused: NO_FINDINGS,
    refusedRevision: "bad",
  };
  proxiesNow: ProxyReport[] = [
    proxy("p1", { locality: "eu/a/1", version: "1.40.0" }),
    proxy("p/2 \u00fc", { state: "refused", revision: OLD, words: ["no"] }),
  ];
  revisionsNow: RevisionReport[] = [revision(NEW), revision(OLD, { state: "superseded", proxies: 0 })];
  rolloutsNow: RolloutReport[] = [FAILED];
  readonly done: string[] = [];

  status = () => this.statusNow;
  proxies = () => this.proxiesNow;
  revisions = () => this.revisionsNow;
  rollouts = () => this.rolloutsNow;

  ruleCounts: FleetControl["ruleCounts"] = () => ({
    sums: [
      {
        scope: "shop",
        metric: "sluice_requests_total",
        labels: { listener: "mesh", rule: "shop/reviews#split", cluster: "outbound|9080|v1|reviews" },
        count: 42,
      },
    ],
    dropped: 7,
  });

  live: FleetControl["live"] = (scope) => {
    if (scope !== undefined && scope !== "shop") {
      throw new FleetControlError("unknown", `no proxy is in the scope "${scope}"`);
    }
    return {
      async *watch() {
        yield { kind: "report", whole: true, report: LIVE };
      },
      history: () => ({ stepMs: 5_000, requests: [] }),
    };
  };

  explain: FleetControl["explain"] = async (id, request, at) => {
    if (!this.proxiesNow.some((one) => one.id === id)) {
      throw new FleetControlError("unknown", `no proxy has the id "${id}"`);
    }
    const asked = { method: request.method, at, headers: request.headers };
    return { proxy: id, revision: NEW, explanation: { asked } as unknown as Explanation };
  };

  promote = () => void this.done.push("promote");

  abort = (why: string) => {
    if (this.done.includes("abort")) {
      throw new FleetControlError("conflict", "no roll-out is under way");
    }
    this.done.push("abort", why);
  };

  rollback = async (to: string) => void this.done.push(`rollback ${to}`);
}
