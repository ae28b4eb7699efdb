/**
 * Tokens as strangers send them: each request is asked of both targets in one Envoy, and what is said offline has to be what
 * they do, the headers that tell the upstream of a token included.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Evaluators } from "../../compiler/answers/evaluate/evaluator.ts";
import type { HeaderLine } from "../../compiler/answers/request/wire.ts";
import { loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { WORLD } from "../conformance/format.ts";
import { GATEWAY } from "../differential/scenario.ts";
import { Twin } from "../differential/twin.ts";
import { Dice } from "../fuzz/dice.ts";
import { hostileToken } from "../fuzz/tokens.ts";
import { ask, askHttp2, type ClientRequest } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { thoroughly } from "../harness/thorough.ts";
import { ISSUER, PUBLIC_PEM, token, tokenWith, withTokens } from "../harness/tokens.ts";

const RULES = withTokens(`
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens, namespace: shop }
spec:
  jwtRules:
  - issuer: ${ISSUER}
    audiences: [shop]
    jwks: '$JWKS'
    fromHeaders: [{ name: Authorization, prefix: "Bearer " }]
    fromParams: [t]
    fromCookies: [session]
    outputPayloadToHeader: X-Payload
    outputClaimToHeaders: [{ header: X-Sub, claim: sub }, { header: X-Level, claim: nested.level }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: site, namespace: shop }
spec:
  hosts: [a.example]
  gateways: [edge]
  http:
  - match: [{ headers: { "@request.auth.claims.groups": { exact: admin } } }]
    route: [{ destination: { host: reviews, subset: v2 } }]
  - match: [{ headers: { x-sub: { exact: root } } }]
    route: [{ destination: { host: reviews, subset: v3 } }]
  - route: [{ destination: { host: reviews, subset: v1 } }]
`);
const LISTENER = "gateway_80";
const HOST = "a.example";
/** Of a token and of those who forge one. */
const TOLD = ["authorization", "cookie", "x-payload", "x-sub", "x-level"];

let mesh: Mesh;
let evaluators: Evaluators;
let ports: readonly number[];

beforeAll(async () => {
  const twin = new Twin();
  mesh = await Mesh.create({ target: "wasm", emit: twin.emit });
  const applied = await mesh.apply([WORLD, GATEWAY, RULES], { proxy: { proxyNamespace: "shop" } });
  ports = [applied.ports.get(LISTENER)!, twin.nativePort(LISTENER)];
  evaluators = new Evaluators(loadFilter(filterModulePath()), applied.compilation!.config);
});

afterAll(async () => {
  // Whatever was sent, Envoy lives and had nothing to complain about.
  expect(mesh.envoy.log.filter((line) => /critical|wasm|trap/i.test(line))).toEqual([]);
  await mesh?.close();
});

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: readonly HeaderLine[];
}

/** The status, and Envoy's words or who was asked with which of the headers. */
type Answer = readonly unknown[];

async function answerAt(port: number, { path = "/", method = "GET", headers = [] }: Asked): Promise<Answer> {
  const lines: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    lines[name] = [...(lines[name] ?? []), value];
  }
  const request: ClientRequest = { path, method, host: HOST, headers: lines };
  const { status, body } = await ask(port, request);
  if (status !== 200) {
    return [status, body];
  }
  const sent = JSON.parse(body) as { endpoint: string; path: string; headers: Record<string, string> };
  const told = TOLD.map((name) => sent.headers[name]);
  return [status, mesh.clustersOf(sent.endpoint)[0], sent.path, ...told];
}

function answerOffline({ path = "/", method = "GET", headers = [] }: Asked): Answer {
  const lines = headers.map(([name, value]): HeaderLine => [name.toLowerCase(), value]);
  const { outcome } = evaluators.get(LISTENER)!.evaluate({ method, authority: HOST, path, headers: lines });
  if (outcome.kind === "answer") {
    return [outcome.answer.status, outcome.answer.body];
  }
  const { upstream, cluster } = outcome;
  const told = TOLD.map((wanted) => {
    const values = upstream.headers.filter(([name]) => name === wanted).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(wanted === "cookie" ? "; " : ", ");
  });
  return [200, cluster, upstream.path, ...told];
}

/** What all three say; fails where they differ. */
async function agreed(all: readonly Asked[]): Promise<Answer[]> {
  const [wasm, native] = await Promise.all(
    ports.map(async (port) => {
      const answers: Answer[] = [];
      for (const asked of all) {
        answers.push(await answerAt(port, asked));
      }
      return answers;
    }),
  );
  const named = (answers: readonly Answer[]) => all.map((asked, i) => [JSON.stringify(asked), answers[i]]);
  expect(named(native!)).toEqual(named(wasm!));
  expect(named(all.map(answerOffline))).toEqual(named(wasm!));
  return wasm!;
}

const bearer = (text: string): Asked => ({ headers: [["authorization", `Bearer ${text}`]] });
const now = () => Math.floor(Date.now() / 1000);
const PAYLOAD = { iss: ISSUER, aud: "shop", exp: 9_999_999_999 };
const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
const RS = { alg: "RS256", kid: "rs" };

test.each<readonly [what: string, token: () => string, status: number]>([
  ["RS256", () => token({ aud: "shop" }), 200],
  ["ES256", () => token({ aud: "shop" }, "es"), 200],
  ["EdDSA", () => token({ aud: "shop" }, "ed"), 200],
  ["a key without its name", () => tokenWith({ alg: "RS256" }, PAYLOAD, "rs"), 200],
  ["a key nobody has", () => tokenWith({ alg: "RS256", kid: "nobody" }, PAYLOAD, "rs"), 401],
  ["the name of another key", () => tokenWith({ alg: "RS256", kid: "es" }, PAYLOAD, "rs"), 401],
  ["another algorithm than its key's", () => tokenWith({ alg: "RS512", kid: "rs" }, PAYLOAD, "rs"), 401],
  ["none", () => tokenWith({ alg: "none" }, PAYLOAD, "none"), 401],
  ["none, with a signature", () => tokenWith({ alg: "none" }, PAYLOAD, "rs"), 401],
  [
    "the public key as a secret",
    () => tokenWith({ alg: "HS256", kid: "rs" }, PAYLOAD, { secret: PUBLIC_PEM }),
    401,
  ],
  ["the same, of any key", () => tokenWith({ alg: "HS256" }, PAYLOAD, { secret: PUBLIC_PEM }), 401],
  ["an algorithm in other letters", () => tokenWith({ alg: "rs256", kid: "rs" }, PAYLOAD, "rs"), 401],
  ["a header that is critical", () => tokenWith({ ...RS, crit: ["x"], x: 1 }, PAYLOAD, "rs"), 200],
  ["over since half a minute", () => tokenWith(RS, { ...PAYLOAD, exp: now() - 30 }, "rs"), 200],
  ["over since two minutes", () => tokenWith(RS, { ...PAYLOAD, exp: now() - 120 }, "rs"), 401],
  ["valid in half a minute", () => tokenWith(RS, { ...PAYLOAD, nbf: now() + 30 }, "rs"), 200],
  ["valid in two minutes", () => tokenWith(RS, { ...PAYLOAD, nbf: now() + 120 }, "rs"), 401],
  ["never over", () => tokenWith(RS, { iss: ISSUER, aud: "shop" }, "rs"), 200],
  ["over in 1970", () => tokenWith(RS, { ...PAYLOAD, exp: 0 }, "rs"), 200],
  ["over before 1970", () => tokenWith(RS, { ...PAYLOAD, exp: -1 }, "rs"), 401],
  ["over at a part of a second", () => tokenWith(RS, { ...PAYLOAD, exp: 9_999_999_999.5 }, "rs"), 200],
  ["over at a text", () => tokenWith(RS, { ...PAYLOAD, exp: "9999999999" }, "rs"), 401],
  ["for one of several", () => token({ aud: ["other", "shop"] }), 200],
  ["for nobody", () => token({ aud: [] }), 403],
  ["for another", () => token({ aud: "other" }), 403],
  ["for what begins alike", () => token({ aud: "shopping" }), 403],
  ["a list as payload", () => tokenWith(RS, [PAYLOAD], "rs"), 401],
  ["later than any clock goes", () => tokenWith(RS, { ...PAYLOAD, exp: 2 ** 64 }, "rs"), 401],
  ["a hundred lists in one another", () => tokenWith(RS, { ...PAYLOAD, lists: nested(99) }, "rs"), 200],
  ["one more", () => tokenWith(RS, { ...PAYLOAD, lists: nested(100) }, "rs"), 401],
  ["half a character", () => tokenWith(RS, { ...PAYLOAD, name: "\ud800" }, "rs"), 401],
  ["no header", () => tokenWith(null, PAYLOAD, "rs"), 401],
  ["no payload", () => tokenWith(RS, null, "rs"), 401],
])("%s", async (_what, make, status) => {
  const [answer] = await agreed([bearer(make())]);
  expect(answer![0]).toBe(status);
});

test("what stands around a token, and in it", async () => {
  const good = token({ aud: "shop" });
  const values = [
    ...[
      `Bearer ${good},x`,
      `Bearer ${good};`,
      `Bearer ${good} x`,
      `Bearer ${good}.`,
      `Bearer ${good}=`,
      `Bearer ${good}==`,
    ],
    ...[`Bearer ,${good}`, `Bearer =${good}`, `Bearer .${good}`, `Bearer Bearer ${good}`, `Bearer "${good}"`],
    ...[`xBearer ${good}`, `Basic Bearer   ${good}`, `bearer ${good}`, "Bearer", "Bearer ", "Bearer %"],
    ...[" ", "\t", "%", "=", "+", "."].map((one) => `Bearer ${good.slice(0, 9)}${one}${good.slice(9)}`),
    ...[" ", "\t"].map((one) => `Bearer ${good.slice(0, -9)}${one}${good.slice(-9)}`),
  ];
  const answers = await agreed(values.map((value) => ({ headers: [["authorization", value]] })));
  expect(new Set(answers.map(([status]) => status))).toEqual(new Set([200, 401]));
});

test("tokens that are broken, mixed up or forged", async () => {
  const dice = new Dice(1);
  const texts = Array.from({ length: thoroughly(150) }, () => hostileToken(dice).text)
    // What no header may have never comes to a verifier.
    .filter((text) => /^[\x20-\x7e]*$/.test(text));
  const answers = await agreed(texts.map(bearer));
  expect(new Set(answers.map(([status]) => status))).toEqual(new Set([200, 401, 403]));
});

describe("a token that is cut", () => {
  const good = token({ aud: "shop", groups: "admin" });
  const places = [0, 1, 2, 3, 4, 5, 6, 7].map((eighth) => Math.ceil((good.length * eighth) / 8));
  const cut = [
    ...places,
    good.indexOf("."),
    good.lastIndexOf("."),
    good.lastIndexOf(".") + 1,
    good.length - 1,
  ];

  test.each<readonly [string, (text: string) => Asked]>([
    ["in a header", bearer],
    ["in a cookie", (text) => ({ headers: [["cookie", `a=b; session=${text}`]] })],
    ["in a cookie that others follow", (text) => ({ headers: [["cookie", `session=${text}; c=d`]] })],
    ["in a parameter", (text) => ({ path: `/?t=${text}` })],
    ["in a parameter that others follow", (text) => ({ path: `/?a=b&t=${text}&c=d` })],
  ])("%s", async (_where, asked) => {
    const answers = await agreed(cut.map((length) => asked(good.slice(0, length))));
    expect(answers.filter(([, cluster]) => String(cluster).includes("v2"))).toEqual([]);
    const [whole] = await agreed([asked(good)]);
    expect(whole![1]).toBe("outbound|80|v2|reviews.shop.svc.cluster.local");
  });
});

test("numbers are written into headers as Envoy writes them", async () => {
  const levels = [3, 0, -3, 3.5, -0.25, 1e-9, 2 ** 53 + 2, 1.2345678901234567e19, 2 ** 64, 1e22, -1e22];
  const answers = await agreed(levels.map((level) => bearer(token({ aud: "shop", nested: { level } }))));
  expect(answers.map((answer) => answer.at(-1)).slice(0, 4)).toEqual(["3", "0", "-3.000000", "3.500000"]);
});

test("headers that only a token may fill are nobody's to forge", async () => {
  const forged: readonly HeaderLine[] = [
    ["X-Sub", "root"],
    ["x-sub", "root"],
    ["x-level", "9"],
    ["X-PAYLOAD", "forged"],
  ];
  const preflight: readonly HeaderLine[] = [
    ["origin", "https://b.example"],
    ["access-control-request-method", "GET"],
  ];
  const answers = await agreed([
    { headers: forged },
    { headers: [...forged, ["authorization", "Basic abc"]] },
    { headers: [...forged, ...bearer(token({ aud: "shop" })).headers!] },
    { headers: [...forged, ...bearer(token({ aud: "shop", nested: { level: 3 } })).headers!] },
    { headers: [...forged, ...bearer(token({ aud: "shop" }, "forged")).headers!] },
    { method: "OPTIONS", headers: [...forged, ...preflight] },
  ]);
  expect(answers.flat().filter((value) => value === "root" || value === "9" || value === "forged")).toEqual(
    [],
  );
  expect(answers.map(([status]) => status)).toEqual([200, 200, 200, 200, 401, 200]);
  expect(answers.filter(([, cluster]) => String(cluster).includes("v3"))).toEqual([]);
});

test("tokens of 50 KiB are read, and those of 64 KiB are more than a header may have", async () => {
  const groups = (bytes: number) => [..."x".repeat(bytes / 64)].map((x) => x.repeat(60)).concat("admin");
  const long = token({ aud: "shop", groups: groups(36_000) });
  const tooLong = token({ aud: "shop", groups: groups(50_000) });
  expect(long.length).toBeGreaterThan(45_000);
  expect(tooLong.length).toBeGreaterThan(65_536);
  const answers = await agreed([
    bearer(long),
    bearer(`${long.slice(0, -4)}AAAA`),
    bearer("x".repeat(50_000)),
    bearer(".".repeat(50_000)),
    bearer(tooLong),
    { headers: [["cookie", `session=${tooLong}`]] },
    bearer(token({ aud: "shop" })),
  ]);
  expect(answers.map(([status]) => status)).toEqual([200, 401, 401, 401, 431, 431, 200]);
  expect(answers[0]![1]).toBe("outbound|80|v2|reviews.shop.svc.cluster.local");
  for (const port of ports) {
    const headers = { authorization: `Bearer ${tooLong}` };
    await expect(askHttp2(port, { path: "/", host: HOST, headers })).rejects.toThrow("REFUSED_STREAM");
  }
});
