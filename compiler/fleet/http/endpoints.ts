/** The endpoints of the HTTP interface, in the order of its description. */

import {
  type AskedRequest,
  makeRequest,
  parseHeader,
  parseRequestLine,
  RequestError,
} from "../../answers/request/asked.ts";
import { string, text } from "../../front/resources/schema/build.ts";
import type { EventFeed } from "../../http/event-feed.ts";
import type { StreamedEvent } from "../../http/event-streams.ts";
import { HttpError } from "../../http/http-error.ts";
import type { LiveUpdate } from "../../observe/live.ts";
import type { Answering, Endpoint, Parameter, Question } from "./endpoint.ts";
import { EXPOSITION_TYPE } from "./exposition.ts";
import { openApi } from "./openapi.ts";
import { reachedBy, type WaitReport } from "./reached.ts";

const proxyId: Parameter = {
  name: "id",
  in: "path",
  description: "The proxy's `node.id`.",
  required: true,
  schema: text(253),
  example: "edge-1",
};

const ofScope: Parameter = {
  name: "scope",
  in: "query",
  description: "Only proxies of this scope, as /v1/status has it in scopes.",
  schema: string,
  example: "shop",
};

/** Seconds that one request may wait. */
const LONGEST_WAIT_S = 60;
const DEFAULT_WAIT_S = 30;
/** Between two looks while everything happens at once. */
const LOOK_EVERY_MS = 50;

export const ENDPOINTS: readonly Endpoint[] = [
  {
    method: "GET",
    path: "/healthz",
    id: "health",
    summary: "Whether the server lives.",
    access: "open",
    answers: [{ status: 200, description: "It does.", content: "Health" }],
    answer: () => ({ json: { status: "ok" } }),
  },
  {
    method: "GET",
    path: "/readyz",
    id: "readiness",
    summary: "Whether the server has rules, and proxies can reach it.",
    access: "open",
    answers: [
      { status: 200, description: "It is ready.", content: "Readiness" },
      { status: 503, description: "It is not ready yet.", content: "Readiness" },
    ],
    answer(_, { waitsFor }) {
      const missing = waitsFor();
      return missing.length === 0
        ? { json: { ready: true } }
        : { status: 503, json: { ready: false, waitsFor: missing } };
    },
  },
  {
    method: "GET",
    path: "/metrics",
    id: "metrics",
    summary: "Metrics for Prometheus; those of rules only for whoever may read below /v1.",
    access: "open",
    answers: [{ status: 200, description: "The metrics.", content: { type: EXPOSITION_TYPE } }],
    answer: ({ mayRead }, { metrics }) => ({ text: metrics({ mayRead }), type: EXPOSITION_TYPE }),
  },
  {
    method: "GET",
    path: "/v1/openapi.json",
    id: "openapi",
    summary: "This description.",
    access: "open",
    answers: [{ status: 200, description: "OpenAPI 3.1.", content: "OpenApi" }],
    answer: () => ({ json: openApi(ENDPOINTS) }),
  },
  {
    method: "GET",
    path: "/v1/status",
    id: "status",
    summary: "What the fleet serves, and how many proxies are in which state.",
    access: "read",
    answers: [{ status: 200, description: "The state of the fleet.", content: "Status" }],
    answer: (_, { fleet }) => ({ json: fleet.status() }),
  },
  {
    method: "GET",
    path: "/v1/proxies",
    id: "proxies",
    summary: "All proxies, or those of a state.",
    access: "read",
    parameters: [
      {
        name: "state",
        in: "query",
        description: "Only proxies in this state.",
        schema: { type: "string", enum: ["joining", "current", "behind", "refused", "silent", "lost"] },
        example: "current",
      },
      {
        name: "scope",
        in: "query",
        description: "Only proxies of this scope.",
        schema: string,
        example: "default",
      },
    ],
    answers: [{ status: 200, description: "The proxies.", content: "Proxies" }],
    answer({ query: { state, scope } }, { fleet }) {
      const proxies = fleet
        .proxies()
        .filter((one) => (state ?? one.state) === one.state && (scope ?? one.scope) === one.scope);
      return { json: { proxies } };
    },
  },
  {
    method: "GET",
    path: "/v1/proxies/{id}",
    id: "proxy",
    summary: "One proxy.",
    access: "read",
    parameters: [proxyId],
    answers: [{ status: 200, description: "The proxy.", content: "Proxy" }],
    errors: [404],
    answer({ path: { id } }, { fleet }) {
      const proxy = fleet.proxies().find((one) => one.id === id);
      if (proxy === undefined) {
        throw new HttpError(404, `no proxy has the id ${JSON.stringify(id)}`);
      }
      return { json: proxy };
    },
  },
  {
    method: "GET",
    path: "/v1/rollouts",
    id: "rollouts",
    summary: "Roll-outs, the newest first.",
    access: "read",
    answers: [{ status: 200, description: "The roll-outs.", content: "Rollouts" }],
    answer: (_, { fleet }) => ({ json: { rollouts: fleet.rollouts() } }),
  },
  {
    method: "GET",
    path: "/v1/revisions",
    id: "revisions",
    summary: "The last revisions, the newest first.",
    access: "read",
    answers: [{ status: 200, description: "The revisions.", content: "Revisions" }],
    answer: (_, { fleet }) => ({ json: { revisions: fleet.revisions() } }),
  },
  {
    method: "GET",
    path: "/v1/wait",
    id: "wait",
    summary: "Waits until a revision is where it should be, or will not be.",
    access: "read",
    parameters: [
      {
        name: "revision",
        in: "query",
        description: "Its id, or the beginning of it. It may be one that the server has not read yet.",
        required: true,
        schema: { type: "string", minLength: 1, maxLength: 200 },
        example: "0",
      },
      {
        name: "timeout",
        in: "query",
        description: `Seconds to wait at most, up to ${LONGEST_WAIT_S}. Whoever wants to wait longer asks again.`,
        schema: { type: "number", minimum: 0, maximum: LONGEST_WAIT_S, default: DEFAULT_WAIT_S },
        example: "0",
      },
    ],
    answers: [{ status: 200, description: "What came of it within that time.", content: "Outcome" }],
    async answer({ query: { revision, timeout }, signal }, from) {
      const ms = (timeout === undefined ? DEFAULT_WAIT_S : Number(timeout)) * 1000;
      return { json: await waitFor(revision!, ms, signal, from) };
    },
  },
  {
    method: "GET",
    path: "/v1/explain",
    id: "explain",
    summary: "How a proxy decides a request, and why.",
    access: "read",
    parameters: [
      {
        name: "proxy",
        in: "query",
        description: "Its `node.id`.",
        required: true,
        schema: text(253),
        example: "edge-1",
      },
      {
        name: "request",
        in: "query",
        description: "Method and URL.",
        required: true,
        schema: text(8192),
        example: "GET http://shop/",
      },
      {
        name: "header",
        in: "query",
        description: "A header of the request, as `name: value`; can be given several times.",
        schema: text(8192),
        repeats: true,
        example: "x-user: anna",
      },
      {
        name: "at",
        in: "query",
        description: "The listener that is asked. By default one that knows the host.",
        schema: string,
        example: "mesh",
      },
    ],
    answers: [{ status: 200, description: "The explanation.", content: "Explained" }],
    errors: [404, 409],
    async answer({ query: { proxy, request, at }, lists: { header = [] } }, { fleet }) {
      return { json: await fleet.explain(proxy!, readRequest(request!, header), at) };
    },
  },
  {
    method: "GET",
    path: "/v1/live",
    id: "live",
    summary: "What rules do at all proxies that report to this server, or at those of a scope.",
    access: "read",
    parameters: [ofScope],
    answers: [
      {
        status: 200,
        description: "Sums, and rates over the last seconds in which somebody looked.",
        content: "Live",
      },
    ],
    errors: [404],
    async answer({ query: { scope }, signal }, { fleet }) {
      for await (const update of fleet.live(scope).watch(signal)) {
        if (update.kind === "report") {
          return { json: update.report };
        }
      }
      throw new HttpError(503, "the server ends");
    },
  },
  {
    method: "GET",
    path: "/v1/live/events",
    id: "liveEvents",
    summary: "The same, again and again, as server-sent events: first all of it, then what changes.",
    access: "read",
    parameters: [ofScope],
    answers: [
      {
        status: 200,
        description: "Events named report; data is JSON: whole, and report as /v1/live has it.",
        content: { type: "text/event-stream" },
      },
    ],
    errors: [404],
    answer: ({ query: { scope }, signal }, { fleet }) => ({
      stream: reports(fleet.live(scope).watch(signal)),
    }),
  },
  {
    method: "GET",
    path: "/v1/events",
    id: "events",
    summary: "Everything that happens, as server-sent events.",
    access: "read",
    answers: [
      {
        status: 200,
        description: "An event for each thing that happens; `data` is JSON with its `kind`.",
        content: { type: "text/event-stream" },
      },
    ],
    answer: ({ lastEvent }) => ({ events: lastEvent === undefined ? {} : { after: lastEvent } }),
  },
  {
    method: "POST",
    path: "/v1/rollouts/current/promote",
    id: "promote",
    summary: "Begins the next wave of the roll-out at once.",
    access: "change",
    answers: [{ status: 202, description: "It begins.", content: "Accepted" }],
    errors: [409],
    answer(_, { fleet }) {
      fleet.promote();
      return { status: 202, json: { accepted: true } };
    },
  },
  {
    method: "POST",
    path: "/v1/rollouts/current/abort",
    id: "abort",
    summary: "Takes the roll-out back.",
    access: "change",
    body: "Abort",
    answers: [{ status: 202, description: "It is being taken back.", content: "Accepted" }],
    errors: [409],
    answer({ body }, { fleet }) {
      fleet.abort((body as { readonly why?: string }).why ?? "by an operator");
      return { status: 202, json: { accepted: true } };
    },
  },
  {
    method: "POST",
    path: "/v1/rollback",
    id: "rollback",
    summary: "Serves an earlier revision again, by a roll-out of its own.",
    access: "change",
    body: "Rollback",
    answers: [{ status: 202, description: "The roll-out begins.", content: "Accepted" }],
    errors: [404, 409],
    async answer({ body }, { fleet }) {
      const { revision } = body as { readonly revision: string };
      const found = fleet.revisions().filter(({ id }) => revision !== "" && id.startsWith(revision));
      if (found.length !== 1) {
        throw new HttpError(
          404,
          `${found.length === 0 ? "no revision begins" : `${found.length} revisions begin`} with ${JSON.stringify(revision)}; GET /v1/revisions lists them`,
        );
      }
      await fleet.rollback(found[0]!.id);
      return { status: 202, json: { accepted: true } };
    },
  },
];

async function* reports(updates: AsyncIterable<LiveUpdate>): AsyncGenerator<StreamedEvent> {
  for await (const { kind, ...update } of updates) {
    yield { kind, data: JSON.stringify(update) };
  }
}

function readRequest(line: string, headers: readonly string[]): AskedRequest {
  try {
    return makeRequest(parseRequestLine(line), headers.map(parseHeader));
  } catch (error) {
    if (error instanceof RequestError) {
      throw new HttpError(400, error.message);
    }
    throw error;
  }
}

async function waitFor(
  revision: string,
  ms: number,
  signal: Question["signal"],
  { fleet, feed }: Answering,
): Promise<WaitReport> {
  const until = Date.now() + ms;
  for (;;) {
    const report = reachedBy(revision, fleet);
    const left = until - Date.now();
    if (report.outcome !== "pending" || left <= 0 || signal.aborted) {
      return report;
    }
    await somethingHappens(left, signal, feed);
  }
}

/** Waits for an event, and then for a moment: where one happens, others do. */
function somethingHappens(ms: number, signal: AbortSignal, feed: EventFeed): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    }
    const stop = feed.listen(() => {
      stop();
      clearTimeout(timer);
      timer = setTimeout(done, Math.min(ms, LOOK_EVERY_MS));
    });
    signal.addEventListener("abort", done, { once: true });
  });
}
