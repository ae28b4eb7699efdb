/**
 * Generated rules and requests once more, asked of a real Envoy and offline: whatever Envoy answers has to be among
 * what `sluice explain` and `sluice test` say it may answer. Left out is what only an upstream decides.
 */

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { standInHeaders } from "../../compiler/answers/cases/stand-in.ts";
import { type Evaluation, type Evaluator, Evaluators } from "../../compiler/answers/evaluate/evaluator.ts";
import { hasDice } from "../../compiler/answers/explain/explanation.ts";
import { checkHeader, makeRequest } from "../../compiler/answers/request/asked.ts";
import { loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { WORLD } from "../conformance/format.ts";
import { ask, askHttp2, type ClientResponse } from "../harness/client.ts";
import { answerOf } from "../harness/expect.ts";
import { Mesh } from "../harness/mesh.ts";
import { fieldsInUse } from "./fields.ts";
import { type Recipe, type Request, recipes, requestFor } from "./requests.ts";
import { type PlacedScenario, scenarios } from "./rules.ts";
import { documentsOf, GATEWAY, serviceOf } from "./scenario.ts";

const SEED = Number(process.env.SLUICE_SEED ?? 1);
const SCENARIOS = Number(process.env.SLUICE_SCENARIOS ?? 60);
const TOGETHER = 30;
const REQUESTS = 8;
/** Until every outcome that dice allow has been seen. */
const EVALUATIONS = 300;
/** Asked again so often before a difference counts. */
const AGAIN = 5;
const BODILESS: ReadonlySet<number> = new Set([204, 304]);
const FILTER = loadFilter(filterModulePath());

let mesh: Mesh;

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm" });
});

afterAll(async () => {
  await mesh?.close();
});

test(`${SCENARIOS * REQUESTS} requests, seed ${SEED}`, { timeout: SCENARIOS * 5_000 }, async () => {
  const { used } = await fieldsInUse();
  const suit = fc.record({
    placed: scenarios(used),
    asked: fc.array(recipes, { minLength: REQUESTS, maxLength: REQUESTS }),
  });
  const all = fc.sample(suit, { seed: SEED, numRuns: SCENARIOS });
  const lines: string[] = [];
  let asked = 0;
  for (let from = 0; from < all.length; from += TOGETHER) {
    asked += await judge(all.slice(from, from + TOGETHER), lines);
  }
  expect(lines.length, lines.slice(0, 20).join("\n\n")).toBe(0);
  expect(asked).toBeGreaterThan(SCENARIOS * REQUESTS * 0.5);
});

interface Suit {
  readonly placed: PlacedScenario;
  readonly asked: readonly Recipe[];
}

async function judge(suits: readonly Suit[], lines: string[]): Promise<number> {
  const applied = await apply(suits);
  const evaluators = new Evaluators(FILTER, applied.compilation!.config, standInHeaders);
  let asked = 0;
  for (const [place, { placed, asked: list }] of suits.entries()) {
    const port = applied.ports.get(placed.at);
    const evaluator = evaluators.get(placed.at);
    if (port === undefined || evaluator === undefined || applied.refused.has(place)) {
      continue;
    }
    for (const recipe of list) {
      const request = requestFor(placed, { ...recipe, upstream: "fine" }, place);
      if (isUpstreams(request)) {
        continue;
      }
      const offline = makeRequest(
        {
          method: request.method,
          authority: request.host,
          path: request.path,
          ...(request.scheme === "https" ? { secure: true } : request.scheme && { scheme: request.scheme }),
        },
        Object.entries(request.headers).flatMap(([name, value]) =>
          [value].flat().map((line) => checkHeader(name, line as string)),
        ),
        {
          protocol: request.http === "2" ? "HTTP/2" : "HTTP/1.1",
          ...(request.body !== undefined && { body: String(request.body) }),
        },
      );
      const wanted = new Set<string>();
      let answered = await answer(port, request);
      let agrees = answered === undefined || isSaid(answered, evaluator, offline, wanted, lines);
      // What a busy machine brings about is there once, and not each time.
      for (let again = 0; again < AGAIN && !agrees; again++) {
        answered = await answer(port, request);
        agrees = answered === undefined || isSaid(answered, evaluator, offline, wanted, lines);
      }
      if (answered === undefined) {
        continue;
      }
      asked += 1;
      if (!agrees) {
        lines.push(
          `${request.method} http://${request.host}${request.path} at ${placed.at} ${JSON.stringify(request.headers)}\n` +
            `Envoy   ${answered.got}\n${[...wanted]
              .slice(0, 3)
              .map((one) => `offline ${one}`)
              .join("\n")}\n` +
            documentsOf(placed.scenario, place),
        );
      }
    }
  }
  return asked;
}

interface Answered {
  readonly got: string;
  /** Absent where the connection ended without one. */
  readonly response?: ClientResponse;
}

/** `undefined`: an answer that is no matter of rules. */
async function answer(port: number, request: Request): Promise<Answered | undefined> {
  const response = await (request.http === "2" ? askHttp2(port, request) : ask(port, request)).catch(
    () => undefined,
  );
  // An answer that HTTP does not allow (a body with 204, say) does not get through.
  if (response !== undefined && (BODILESS.has(response.status) || isNobodysMatter(response))) {
    return undefined;
  }
  return response === undefined ? { got: "no answer" } : { got: seen(response), response };
}

/** Whether it is among what may be answered; `wanted` is what is known of that so far. */
function isSaid(
  { got, response }: Answered,
  evaluator: Evaluator,
  offline: ReturnType<typeof makeRequest>,
  wanted: Set<string>,
  lines: string[],
): boolean {
  for (let i = 0; i < EVALUATIONS && !wanted.has(got); i++) {
    const evaluation = evaluator.evaluate(offline);
    if (evaluation.disagreements.length > 0) {
      lines.push(evaluation.disagreements.join("\n"));
    }
    wanted.add(said(evaluation));
    // Over HTTP/2, a body with such a status breaks the stream.
    if (response === undefined && BODILESS.has(evaluation.outcome.answer.status)) {
      wanted.add(got);
    }
    if (evaluation.taken === undefined || !hasDice(evaluation.taken.route)) {
      break;
    }
  }
  return wanted.has(got);
}

async function apply(suits: readonly Suit[]) {
  const services = suits.map((_, place) => serviceOf(place)).join("---\n");
  const refused = new Set<number>();
  for (;;) {
    const kept = [...suits.keys()].filter((place) => !refused.has(place));
    const applied = await mesh.apply(
      [WORLD, GATEWAY, services, ...kept.map((place) => documentsOf(suits[place]!.placed.scenario, place))],
      // Who is there for a host that nobody registered cannot be told offline.
      { proxy: { proxyNamespace: "shop", outboundPolicy: "REGISTRY_ONLY" } },
    );
    if (applied.compilation !== undefined) {
      return { ...applied, refused };
    }
    const before = refused.size;
    for (const { level, file } of applied.diagnostics) {
      const place = kept[Number(/(\d+)\.yaml$/.exec(file ?? "")?.[1]) - 3];
      if (level === "error" && place !== undefined) {
        refused.add(place);
      }
    }
    if (refused.size === before) {
      throw new Error(applied.diagnostics.map(({ message }) => message).join("\n"));
    }
  }
}

/** A body of its own length, an answer that the stub is asked for, … are no matter of rules. */
function isUpstreams({ headers, method, http }: Request): boolean {
  return (
    method === "HEAD" ||
    method === "CONNECT" ||
    // HTTP/2 forbids blanks around values, and who passes one on drops it.
    (http === "2" &&
      Object.values(headers).some((value) => [value].flat().some((line) => line !== line.trim()))) ||
    Object.keys(headers).some((name) => name.toLowerCase().startsWith("x-echo"))
  );
}

/**
 * Bodies that are no text, which the host in Node reads as such; hosts with a blank in them, which no upstream takes by
 * HTTP/2; hosts that are looked up, and nobody knows; a machine that is slower than a timeout of the rules.
 */
function isNobodysMatter({ body, headers }: ClientResponse): boolean {
  const said = `${body} ${headers["grpc-message"]?.[0] ?? ""}`;
  return /\ufffd|%FF|reset reason: protocol error|DNS resolution failure|upstream request timeout/.test(said);
}

/** At the edge, Envoy writes its own address in place of a loopback client's. */
const REQUEST_LEFT_OUT = new Set([
  "x-forwarded-for",
  "x-request-id",
  "host",
  "transfer-encoding",
  "content-length",
]);
const RESPONSE_LEFT_OUT = new Set([
  "date",
  "server",
  "content-length",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "x-envoy-upstream-service-time",
]);

function seen(response: ClientResponse): string {
  const { upstream, clusters } = answerOf(response, (endpoint) => mesh.clustersOf(endpoint));
  return outcome(
    response.status,
    upstream && {
      cluster: clusters[0]!,
      method: upstream.method,
      host: upstream.host,
      path: upstream.path,
      headers: upstream.headers,
    },
    response.headers,
    upstream ? "" : response.body,
  );
}

function said({ outcome: decided }: Evaluation): string {
  if (decided.kind === "answer" && decided.by === "reset") {
    return "no answer";
  }
  const { status, headers, body } = decided.answer;
  const lines: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    lines[name] = [...(lines[name] ?? []), value];
  }
  if (decided.kind === "answer") {
    return outcome(status, undefined, lines, body);
  }
  const joined: Record<string, string> = {};
  for (const [name, value] of decided.upstream.headers) {
    joined[name] = name in joined ? `${joined[name]}, ${value}` : value;
  }
  return outcome(status, { ...decided.upstream, cluster: decided.cluster, headers: joined }, lines, "");
}

interface AtUpstream {
  readonly cluster: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

function outcome(
  status: number,
  upstream: AtUpstream | undefined,
  headers: Readonly<Record<string, readonly string[]>>,
  body: string,
): string {
  return JSON.stringify({
    status,
    ...(upstream && {
      cluster: upstream.cluster,
      method: upstream.method,
      host: upstream.host,
      path: upstream.path,
      headers: sorted(upstream.headers, REQUEST_LEFT_OUT),
    }),
    answer: sorted(headers, RESPONSE_LEFT_OUT),
    // What is said of a connection that broke depends on how often it was tried.
    body: body.startsWith("upstream connect error") ? "upstream connect error" : body,
  });
}

function sorted(
  headers: Readonly<Record<string, unknown>>,
  leftOut: ReadonlySet<string>,
): [string, unknown][] {
  return Object.entries(headers)
    .filter(([name]) => !leftOut.has(name) && !name.startsWith(":"))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
