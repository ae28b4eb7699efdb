/** Arbitrary rules. A field is generated only where the compiler takes it (`fields.ts`). */

import fc, { type Arbitrary } from "fast-check";
import type {
  CorsPolicy,
  Headers,
  HttpFault,
  HttpRedirect,
  HttpRetry,
  HttpRewrite,
  HttpRouteDestination,
  StringMatch,
} from "../../compiler/front/resources/types.ts";
import type { Field } from "./fields.ts";
import type { At, Match, Rule, Scenario, VirtualServiceSpec } from "./scenario.ts";
import {
  DESTINATIONS,
  HEADER_NAMES,
  METHODS,
  PATH_REGEXES,
  PATHS,
  QUERY_NAMES,
  VALUE_REGEXES,
  VALUES,
} from "./vocabulary.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Of a record: each key is there once in so many times, and what is absent leaves no key. */
function sometimes<T extends object>(fields: { [K in keyof T]?: [number, Arbitrary<NonNullable<T[K]>>] }) {
  const entries = Object.entries(fields) as [string, [number, Arbitrary<unknown>]][];
  const model = Object.fromEntries(
    entries
      .filter(([, [once]]) => once !== NEVER)
      .map(([key, [once, value]]) => [
        key,
        once === 1
          ? value
          : fc.oneof(
              { withCrossShrink: true },
              { arbitrary: fc.constant(undefined), weight: once - 1 },
              { arbitrary: value, weight: 1 },
            ),
      ]),
  );
  return fc
    .record(model)
    .map((record) =>
      Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)),
    ) as unknown as Arbitrary<T>;
}

const pick = <T>(values: readonly T[]): Arbitrary<T> => fc.constantFrom(...values);

const oneKey = <V>(names: readonly string[], value: Arbitrary<V>): Arbitrary<Record<string, V>> =>
  fc.array(fc.tuple(pick(names), value), { minLength: 1, maxLength: 2 }).map((entries) => {
    // Two names that differ in case are one header.
    const seen = new Set<string>();
    return Object.fromEntries(
      entries.filter(([name]) => {
        const fresh = !seen.has(name.toLowerCase());
        seen.add(name.toLowerCase());
        return fresh;
      }),
    );
  });

const uri: Arbitrary<StringMatch> = fc.oneof(
  pick(PATHS).map((exact) => ({ exact })),
  pick([...PATHS, "a"]).map((prefix) => ({ prefix })),
  pick(Object.keys(PATH_REGEXES)).map((regex) => ({ regex })),
);

const exactValue = pick(VALUES.filter((value) => value !== "")).map((exact) => ({ exact }));
const value: Arbitrary<StringMatch> = fc.oneof(
  exactValue,
  pick(["a", "1"]).map((prefix) => ({ prefix })),
  pick(Object.keys(VALUE_REGEXES)).map((regex) => ({ regex })),
  fc.constant({}),
);
/** Asks for presence, and so does `{}`; as an expression it would be none. */
const withoutValue = fc.oneof(
  { weight: 6, arbitrary: value },
  { weight: 1, arbitrary: fc.constant({ regex: "*" }) },
);

const match = (at: At): Arbitrary<Match> =>
  sometimes<Match>({
    uri: [2, uri],
    ignoreUriCase: [5, fc.boolean()],
    method: [
      6,
      fc.oneof(
        pick(METHODS).map((exact) => ({ exact })),
        fc.constant({ prefix: "P" }),
        fc.constant({ regex: "GET|HEAD" }),
      ),
    ],
    scheme: [14, pick(["http", "https"]).map((exact) => ({ exact }))],
    authority: [
      12,
      pick(["h.s$S.test", "h.s$S.test:80", "h.s$S.test:8080", "svc$S"]).chain((host) =>
        fc.oneof(fc.constant({ exact: host }), fc.constant({ prefix: host.slice(0, 4) })),
      ),
    ],
    headers: [3, oneKey([...HEADER_NAMES, ":method", ":path"], value)],
    withoutHeaders: [6, oneKey(HEADER_NAMES, withoutValue)],
    queryParams: [4, oneKey(QUERY_NAMES, value)],
    port: [12, pick([80, 8080])],
    gateways: [14, at === "mesh" ? pick([["mesh"], ["edge"]]) : pick([["edge"], ["mesh"]])],
    sourceLabels: [20, pick([{ app: "istio-ingressgateway" }, { app: "other" }])],
    sourceNamespace: [20, pick(["shop", "other"])],
    name: [8, pick(["m1", "m2"])],
    statPrefix: [12, pick(["stat_a"])],
  });

const LITERALS = ["v", "w x", "", "100%%"];
const VARIABLES = ["%REQ(x-a)%", "a-%REQ(:path)%-%PROTOCOL%", "%RESPONSE_CODE%"];

const operations = (names: readonly string[], values: readonly string[]) =>
  sometimes<NonNullable<Headers["request"]>>({
    set: [2, oneKey(names, pick(values))],
    add: [2, oneKey(names, pick(values))],
    remove: [
      3,
      fc.uniqueArray(pick(names.filter((name) => name !== "host")), { minLength: 1, maxLength: 2 }),
    ],
  });

function headers(uses: ReadonlySet<Field>): Arbitrary<Headers> {
  const values = uses.has("variables") ? [...LITERALS, ...LITERALS, ...VARIABLES] : LITERALS;
  const request = values.filter((text) => text !== "%RESPONSE_CODE%");
  // README.md: what the rule itself writes into the request.
  const response = values.map((text) => text.replace("REQ(x-a)", "REQ(accept)").replace(":path", ":method"));
  return sometimes<Headers>({
    request: [2, operations(["x-a", "X-B", "x-new", "host"], request)],
    response: [2, operations(["x-new", "X-R", "content-type", "x-envoy-upstream-service-time"], response)],
  });
}

const destinations = (uses: ReadonlySet<Field>): Arbitrary<readonly HttpRouteDestination[]> =>
  fc.array(
    sometimes<HttpRouteDestination>({
      destination: [1, pick(DESTINATIONS)],
      // Not far from one another: the shares are found by asking until each side gave all it has.
      weight: [2, pick([0, 1, 2, 3])],
      headers: [uses.has("headers") ? 5 : NEVER, headers(uses)],
    }),
    { minLength: 1, maxLength: 3 },
  );

const redirect: Arbitrary<HttpRedirect> = sometimes<HttpRedirect>({
  uri: [3, pick(["/new", "/new?z=1", "/", "relative", "/a b"])],
  prefixRewrite: [4, pick(["/new", "/", "/new/"])],
  authority: [3, pick(["other.test", "other.test:81", "OTHER.test"])],
  port: [4, pick([80, 443, 8080])],
  derivePort: [6, pick(["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"])],
  scheme: [3, pick(["http", "https"])],
  redirectCode: [2, pick([301, 302, 303, 307, 308])],
});

const rewrite: Arbitrary<HttpRewrite> = sometimes<HttpRewrite>({
  uri: [2, pick(["/", "/new", "/new/", "/new?z=1", "new"])],
  authority: [3, pick(["other.test", "other.test:81"])],
  uriRegexRewrite: [
    4,
    pick([
      { match: "^/a/(.*)$", rewrite: "/r/\\1" },
      { match: "a", rewrite: "z" },
      { match: "/([a-z]+)/([a-z]+)", rewrite: "/\\2/\\1" },
    ]),
  ],
});

const percentage = pick([{ value: 0 }, { value: 100 }, { value: 100 }]);
const fault: Arbitrary<HttpFault> = fc
  .tuple(
    sometimes<HttpFault>({
      delay: [3, fc.record({ fixedDelay: pick(["15ms", "30ms"]), percentage })],
      abort: [
        2,
        fc.oneof(
          fc.record({ httpStatus: pick([200, 418, 503]), percentage }),
          fc.record({ grpcStatus: pick(["UNAVAILABLE", "NOT_FOUND"]), percentage }),
        ),
      ],
    }),
    percentage,
  )
  .map(([found, fallback]) =>
    found.delay || found.abort ? found : { abort: { httpStatus: 418, percentage: fallback } },
  );

const retries: Arbitrary<HttpRetry> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ attempts: 0 }) },
  { weight: 5, arbitrary: someRetries() },
);

function someRetries(): Arbitrary<HttpRetry> {
  return sometimes<HttpRetry>({
    attempts: [1, pick([1, 2])],
    retryOn: [2, pick(["5xx", "gateway-error", "503", "404,503", "retriable-4xx", "reset,connect-failure"])],
    backoff: [2, fc.constant("1ms")],
    retryRemoteLocalities: [6, fc.boolean()],
    retryIgnorePreviousHosts: [6, fc.boolean()],
  });
}

const cors: Arbitrary<CorsPolicy> = sometimes<CorsPolicy>({
  allowOrigins: [
    1,
    fc.array(
      fc.oneof(
        pick(["http://o.test", "http://O.test", "null"]).map((exact) => ({ exact })),
        fc.constant({ prefix: "http://o" }),
        fc.constant({ regex: "http://[a-z]+\\.test" }),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  ],
  allowMethods: [2, fc.uniqueArray(pick(METHODS), { minLength: 1, maxLength: 3 })],
  allowHeaders: [2, fc.constant(["x-a", "X-B"])],
  exposeHeaders: [3, fc.constant(["x-r"])],
  maxAge: [2, pick(["1s", "24h"])],
  allowCredentials: [2, fc.boolean()],
  unmatchedPreflights: [3, pick(["FORWARD", "IGNORE"])],
});

const response = sometimes<NonNullable<Rule["directResponse"]>>({
  status: [1, pick([200, 204, 404, 503, 599])],
  body: [
    2,
    fc.oneof(
      pick(["hello", "ü", ""]).map((string) => ({ string })),
      fc.constant({ bytes: "/wA=" }),
    ),
  ],
});

type Behaviour = Omit<Rule, "match" | "route" | "redirect" | "directResponse" | "delegate">;

function behaviour(uses: ReadonlySet<Field>): Arbitrary<Behaviour> {
  const once = (field: Field, times: number): number => (uses.has(field) ? times : NEVER);
  return sometimes<Behaviour>({
    name: [6, pick(["r1", "r2"])],
    rewrite: [once("rewrite", 5), rewrite],
    timeout: [8, pick(["5s", "60ms"])],
    retries: [6, retries],
    fault: [5, fault],
    mirror: [once("mirror", 12), pick(DESTINATIONS)],
    mirrors: [
      once("mirror", 14),
      fc.array(fc.record({ destination: pick(DESTINATIONS), percentage }), { minLength: 1, maxLength: 2 }),
    ],
    corsPolicy: [once("cors", 7), cors],
    headers: [once("headers", 3), headers(uses)],
  });
}

function rule(at: At, uses: ReadonlySet<Field>): Arbitrary<Rule> {
  const actions: fc.WeightedArbitrary<Rule>[] = [
    { weight: 7, arbitrary: destinations(uses).map((route) => ({ route })) },
    { weight: 1, arbitrary: response.map((directResponse) => ({ directResponse })) },
  ];
  if (uses.has("redirect")) {
    actions.push({ weight: 2, arbitrary: redirect.map((found) => ({ redirect: found })) });
  }
  if (uses.has("delegate")) {
    actions.push({ weight: 1, arbitrary: fc.constant({ delegate: { name: "s$S-delegate" } }) });
  }
  return fc
    .tuple(fc.array(match(at), { minLength: 0, maxLength: 2 }), fc.oneof(...actions), behaviour(uses))
    .map(([matches, action, rest]) =>
      legal({ ...(matches.length > 0 && { match: matches }), ...action, ...rest }),
    );
}

/** Without what Istio's validation refuses in combination. */
function legal(rule: Rule): Rule {
  const { rewrite: rewritten, fault: _fault, mirror: _mirror, ...rest } = rule;
  let result: Rule = rule;
  if (rule.redirect || rule.directResponse) {
    const { rewrite: _r, fault: _f, ...kept } = rule;
    result = kept;
  } else if (rewritten && !rewritten.uri && !rewritten.authority && !rewritten.uriRegexRewrite) {
    result = { ...result, rewrite: { uri: "/new" } };
  } else if (rewritten?.uri && rewritten.uriRegexRewrite) {
    const { uriRegexRewrite: _x, ...kept } = rewritten;
    result = { ...result, rewrite: kept };
  }
  if (result.mirror && result.mirrors) {
    const { mirrors: _mirrors, ...kept } = result;
    result = kept;
  }
  if (rule.redirect) {
    const { uri: to, prefixRewrite, ...kept } = rule.redirect;
    const prefixes = rule.match?.every(({ uri: from }) => from === undefined || from.prefix !== undefined);
    const path =
      prefixRewrite !== undefined && (prefixes ?? true)
        ? { prefixRewrite }
        : to !== undefined
          ? { uri: to }
          : {};
    const changed = { ...path, ...kept };
    const { redirectCode: _code, ...what } = changed;
    result = { ...result, redirect: Object.keys(what).length > 0 ? changed : { ...changed, uri: "/new" } };
    if (changed.port !== undefined && changed.derivePort !== undefined) {
      const { derivePort: _derive, ...one } = changed;
      result = { ...result, redirect: one };
    }
  }
  if (rule.route && rule.route.length > 1 && rule.route.every(({ weight }) => !weight)) {
    result = { ...result, route: rule.route.map((destination) => ({ ...destination, weight: 1 })) };
  }
  return withOneAuthority(result, rest);
}

/** The authority may be changed once in a rule. */
function withOneAuthority(rule: Rule, _rest: object): Rule {
  const { request } = rule.headers ?? {};
  if (request === undefined) {
    return rule;
  }
  const twice = request.set?.host !== undefined && request.add?.host !== undefined;
  if (!rule.rewrite?.authority && !twice) {
    return rule;
  }
  const { host: _host, ...add } = request.add ?? {};
  const { host: setHost, ...set } = request.set ?? {};
  const kept = rule.rewrite?.authority || setHost === undefined ? set : { ...set, host: setHost };
  return {
    ...rule,
    headers: {
      ...rule.headers,
      request: {
        ...(request.remove && { remove: request.remove }),
        ...(Object.keys(kept).length > 0 && { set: kept }),
        ...(Object.keys(add).length > 0 && { add }),
      },
    },
  };
}

const MESH_HOSTS = [
  ["svc$S"],
  ["svc$S.shop.svc.cluster.local"],
  ["h.s$S.test"],
  ["*.s$S.test"],
  ["svc$S", "h.s$S.test"],
] as const;
const GATEWAY_HOSTS = [["h.s$S.test"], ["*.s$S.test"], ["*.s$S.test", "s$S.test"]] as const;

function virtualService(at: At, uses: ReadonlySet<Field>): Arbitrary<VirtualServiceSpec> {
  return fc.record({
    hosts: at === "mesh" ? pick<readonly string[]>(MESH_HOSTS) : pick<readonly string[]>(GATEWAY_HOSTS),
    gateways: pick(at === "mesh" ? [["mesh"], ["mesh", "edge"]] : [["edge"], ["edge", "mesh"]]),
    http: fc.array(rule(at, uses), { minLength: 1, maxLength: 4 }),
  });
}

export interface PlacedScenario {
  readonly at: At;
  readonly scenario: Scenario;
}

/** Scenarios for one listener. */
export function scenarios(uses: ReadonlySet<Field>): Arbitrary<PlacedScenario> {
  const forListener = (at: At): Arbitrary<PlacedScenario> =>
    fc
      .record({
        virtualServices: fc.array(virtualService(at, uses), { minLength: 1, maxLength: 2 }),
        delegate: fc.array(
          rule(at, uses).filter(({ delegate }) => delegate === undefined),
          { minLength: 1, maxLength: 2 },
        ),
      })
      .map((scenario) => ({ at, scenario }));
  return fc.oneof(
    { weight: 4, arbitrary: forListener("mesh") },
    { weight: 3, arbitrary: forListener("gateway_80") },
    { weight: 1, arbitrary: forListener("gateway_8080") },
  );
}
