/**
 * What is measured: for each piece the rules without it and with it, as a user writes them. Where it is said of one host, the host
 * beside it is measured as well, which shall cost nothing more.
 */

import { stat } from "node:fs/promises";
import path from "node:path";
import type { ProxyOptions } from "../../../compiler/index.ts";
import { token } from "../../harness/tokens.ts";
import type { Answer } from "../load.ts";
import type { Edge, Piece, Proof } from "./piece.ts";
import {
  AUTHENTICATION,
  ELSEWHERE,
  get,
  HOST,
  NOBODY,
  to,
  topology,
  UPSTREAM,
  virtualService,
} from "./rules.ts";

/** What Envoy says of a cluster without endpoints: the request was decided, and nothing else was done. */
const DECIDED: Answer = { start: "HTTP/1.1 503", containing: "no healthy upstream" };
const SERVED: Answer = { start: "HTTP/1.1 200" };
const NOT_FOUND: Answer = { start: "HTTP/1.1 404" };

const PATH = "/api/v1/items/7";
const PLAIN: Edge = {
  rules: [virtualService(HOST, [to(NOBODY)])],
  requests: [get(PATH)],
  expected: DECIDED,
};

// ---- Limits: never reached, but for a rule of their own that shows that they are there ----

const SCARCE = { name: "scarce", match: [{ uri: { exact: "/scarce" } }], ...to(NOBODY) };
const LIMITED_RULES = [SCARCE, to(NOBODY)];
const limits = (by: string) => ({ "sluice.dev/rate-limit": `scarce: 1/h${by}; *: 1000000/s${by}` });

function isLimited(host: string, headers: Readonly<Record<string, string>> = {}): Proof[] {
  const request = get("/scarce", headers, host);
  return [
    { request, expected: DECIDED },
    { request, expected: { start: "HTTP/1.1 429" } },
  ];
}

const UNLIMITED: Edge = { ...PLAIN, rules: [virtualService(HOST, LIMITED_RULES)] };

function limited(by: string): Edge {
  return { ...UNLIMITED, rules: [virtualService(HOST, LIMITED_RULES, limits(by))], proofs: isLimited(HOST) };
}

const CLIENTS = Array.from({ length: 64 }, (_, i) => get(PATH, { "x-api-key": `client-${i}-5f70c1d2` }));

/** Both hosts have the same rules, and one of them has limits. */
const limitElsewhere = (annotations: Readonly<Record<string, string>>) => [
  virtualService(HOST, LIMITED_RULES),
  virtualService(ELSEWHERE, LIMITED_RULES, annotations),
];

// ---- Tokens ----

const CLAIMS = { group: "testers" };
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const GOOD = bearer(token(CLAIMS));
const claim = (value: string) => ({
  match: [{ headers: { "@request.auth.claims.group": { exact: value } } }],
  ...to(NOBODY),
});

const BLINDLY: Edge = { ...PLAIN, requests: [get(PATH, GOOD)] };
const VERIFIED: Edge = {
  ...BLINDLY,
  rules: [...PLAIN.rules, AUTHENTICATION],
  claims: CLAIMS,
  proofs: [{ request: get(PATH, bearer(token(CLAIMS, "forged"))), expected: { start: "HTTP/1.1 401" } }],
};
const MATCHED: Edge = {
  ...VERIFIED,
  rules: [virtualService(HOST, [claim("nobody"), claim("testers")]), AUTHENTICATION],
  proofs: [{ request: get(PATH), expected: NOT_FOUND }],
};
const LIMITED_BY_CLAIM: Edge = {
  ...VERIFIED,
  rules: [virtualService(HOST, LIMITED_RULES, limits(" by claim:group")), AUTHENTICATION],
  proofs: isLimited(HOST, GOOD),
};
const VERIFIED_ALONE: Edge = {
  ...VERIFIED,
  rules: [virtualService(HOST, LIMITED_RULES), AUTHENTICATION],
};
const CLAIM_ELSEWHERE: Edge = {
  ...VERIFIED,
  rules: [...PLAIN.rules, virtualService(ELSEWHERE, [claim("testers")]), AUTHENTICATION],
  proofs: [
    { request: get(PATH, {}, ELSEWHERE), expected: NOT_FOUND },
    { request: get(PATH, GOOD, ELSEWHERE), expected: DECIDED },
  ],
};
const NO_CLAIM_ELSEWHERE: Edge = {
  ...VERIFIED,
  rules: [...PLAIN.rules, virtualService(ELSEWHERE, [to(NOBODY)]), AUTHENTICATION],
};

// ---- Answers: those that are changed, and those of the same edge that are not ----

const SERVING: Edge = { ...PLAIN, rules: [virtualService(HOST, [to(UPSTREAM)])], expected: SERVED };
const LARGE: Edge = { ...SERVING, requests: [get("/large")] };
const COMPRESSION = { "sluice.dev/compression": "gzip" };
const COMPRESSED: Answer = { ...SERVED, containing: "content-encoding: gzip" };

const ERRORS = { "sluice.dev/error-page": "4xx, 5xx: json" };
const PAGE: Answer = { ...NOT_FOUND, containing: '"title":"Not Found"' };
const STRAY = get("/none");
const ONE_PATH = [{ match: [{ uri: { exact: PATH } }], ...to(UPSTREAM) }];
const MISSED: Edge = {
  ...PLAIN,
  rules: [virtualService(HOST, ONE_PATH)],
  requests: [STRAY],
  expected: NOT_FOUND,
};
const FOUND: Edge = { ...MISSED, requests: [get(PATH)], expected: SERVED };

// ---- The client's address ----

const CLIENT = "203.0.113.7";
const WHO = {
  match: [{ uri: { exact: "/who" } }],
  directResponse: { status: 200, body: { string: "you" } },
  headers: { response: { set: { "x-client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" } } },
};
const TOLD: Edge = {
  ...PLAIN,
  rules: [virtualService(HOST, [WHO, to(NOBODY)])],
  requests: [get(PATH, { "x-forwarded-for": `${CLIENT}, 198.51.100.9` })],
};

function knowingClient(gatewayTopology: object, more: Partial<Edge> = {}): Edge {
  const request = { ...TOLD.requests[0]!, path: "/who" };
  return {
    ...TOLD,
    rules: [...TOLD.rules, topology(gatewayTopology)],
    proofs: [{ request, expected: { ...SERVED, containing: `x-client: ${CLIENT}\r\n` } }],
    ...more,
  };
}

// ---- What is written down ----

const LOG = "access.log";
const LOGGED: Edge = {
  ...PLAIN,
  proxy: (folder) => ({ accessLog: path.join(folder, LOG) }),
  shows: async ({ folder }) => (await stat(path.join(folder, LOG))).size > 0,
};

const counting = (ruleCounters: ProxyOptions["ruleCounters"]): Edge => ({
  ...PLAIN,
  proxy: () => ({ ruleCounters }),
});
const COUNTED: Edge = {
  ...counting("on"),
  shows: async ({ envoy }) =>
    [...(await envoy.admin.stats("bench-example"))].some(([name, value]) => /rule/.test(name) && value > 0),
};

export const PIECES: readonly Piece[] = [
  { name: "nothing", what: "the same again: what chance does", without: PLAIN, with: PLAIN },
  { name: "limit", what: "a rate limit of each rule", without: UNLIMITED, with: limited("") },
  {
    name: "limit-by-address",
    what: "a rate limit by client address",
    without: UNLIMITED,
    with: limited(" by client-address"),
  },
  {
    name: "limit-by-header",
    what: "a rate limit by header, 64 clients",
    without: { ...UNLIMITED, requests: CLIENTS },
    with: { ...limited(" by header:x-api-key"), requests: CLIENTS },
  },
  {
    name: "limit-elsewhere",
    what: "no limit, but another host has one",
    without: { ...UNLIMITED, rules: limitElsewhere({}) },
    with: {
      ...UNLIMITED,
      rules: limitElsewhere(limits(" by client-address")),
      proofs: isLimited(ELSEWHERE),
    },
  },
  { name: "token", what: "a token that is verified (RS256)", without: BLINDLY, with: VERIFIED },
  { name: "claim", what: "the second of two matches of a claim", without: VERIFIED, with: MATCHED },
  {
    name: "limit-by-claim",
    what: "a rate limit by claim",
    without: VERIFIED_ALONE,
    with: LIMITED_BY_CLAIM,
  },
  {
    name: "claim-elsewhere",
    what: "a token, but another host asks for a claim",
    without: NO_CLAIM_ELSEWHERE,
    with: CLAIM_ELSEWHERE,
  },
  {
    name: "no-token",
    what: "no token, where some are verified",
    without: PLAIN,
    with: { ...VERIFIED, requests: PLAIN.requests },
  },
  {
    name: "compression",
    what: "9 kB of JSON that gzip makes smaller",
    without: LARGE,
    with: { ...LARGE, annotations: COMPRESSION, expected: COMPRESSED },
  },
  {
    name: "compression-unused",
    what: "a response too small to be compressed",
    without: SERVING,
    with: {
      ...SERVING,
      annotations: COMPRESSION,
      proofs: [{ request: get("/large"), expected: COMPRESSED }],
    },
  },
  {
    name: "error-page",
    what: "a 404 with an error page",
    without: MISSED,
    with: { ...MISSED, annotations: ERRORS, expected: PAGE },
  },
  {
    name: "error-page-unused",
    what: "a 200 where errors have a page",
    without: FOUND,
    with: { ...FOUND, annotations: ERRORS, proofs: [{ request: STRAY, expected: PAGE }] },
  },
  {
    name: "trusted-proxies",
    what: "a client behind two trusted proxies",
    without: TOLD,
    with: knowingClient({ numTrustedProxies: 2 }),
  },
  {
    name: "proxy-protocol",
    what: "a connection that began with PROXY protocol",
    without: TOLD,
    with: knowingClient({ proxyProtocol: {} }, { opening: `PROXY TCP4 ${CLIENT} 192.0.2.1 40000 80\r\n` }),
  },
  { name: "access-log", what: "a line of the access log, in a file", without: PLAIN, with: LOGGED },
  {
    name: "counters",
    what: "counters by rule",
    without: counting("off"),
    with: COUNTED,
  },
];
