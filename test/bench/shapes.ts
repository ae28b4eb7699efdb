/**
 * The rule sets that are measured, made as IR: what is measured is what a request costs, not what YAML costs. Each
 * shape makes `size` rules, and a request for any one of them.
 */

import type {
  Destination,
  HeaderMatch,
  QueryParamMatch,
  Route,
  RouteMatch,
  RouteTable,
  VirtualHost,
} from "../../compiler/ir/ir.ts";

/** The one cluster that every rule names: without endpoints, unless the bench runs with an upstream. */
export const CLUSTER = "outbound|80||bench.example";

const HOST = "bench.example";

export interface BenchRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Shape {
  readonly name: string;
  /** More rules than that are not measured: what they need grows too fast, here or in the peer. */
  readonly most: number;
  rules(size: number): RouteTable;
  /** A request that rule `i` of `size` takes. */
  request(i: number, size: number): BenchRequest;
}

const DESTINATIONS: readonly Destination[] = [{ cluster: CLUSTER, weight: 1 }];

/** Istio's default retry policy: a rule without `retries` has it. */
const RETRY = {
  attempts: 2,
  perTryTimeoutMs: 0,
  retryOn: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  retriableStatusCodes: [],
  avoidPreviousHosts: true,
  avoidPreviousPriorities: false,
};

export function forward(match: Partial<RouteMatch>, name = ""): Route {
  return {
    name,
    match: { headers: [], queryParams: [], ...match },
    action: { kind: "forward", destinations: DESTINATIONS, timeoutMs: 0, retry: RETRY },
  };
}

export const exactPath = (value: string) => ({ kind: "exact", value, ignoreCase: false }) as const;
export const prefixPath = (value: string) => ({ kind: "prefix", value, ignoreCase: false }) as const;
const regexPath = (value: string) => ({ kind: "regex", value, ignoreCase: false }) as const;

export function exactHeader(name: string, value: string): HeaderMatch {
  return { name, match: { kind: "exact", value }, invert: false, missingAsEmpty: false };
}

function exactParameter(name: string, value: string): QueryParamMatch {
  return { name, match: { kind: "exact", value } };
}

/** All rules in one virtual host, as Envoy and Istio try them: one after another. */
function oneHost(routes: readonly Route[]): RouteTable {
  return { ignorePortInHost: true, virtualHosts: [{ name: HOST, domains: [HOST], routes }] };
}

function each(size: number, make: (i: number) => Route): Route[] {
  return Array.from({ length: size }, (_, i) => make(i));
}

function ask(path: string, more: Partial<BenchRequest> = {}): BenchRequest {
  return { method: "GET", host: HOST, path, headers: {}, ...more };
}

const path = (i: number) => `/api/v1/team-${i % 97}/service-${i}`;
const METHODS = ["GET", "POST", "PUT", "DELETE"];

/** One of the rules that each shape adds at its end takes what no other took; it is never asked for. */
const shapes: Shape[] = [
  {
    name: "exact",
    most: 100_000,
    rules: (size) => oneHost(each(size, (i) => forward({ path: exactPath(path(i)) }))),
    request: (i) => ask(path(i)),
  },
  {
    name: "prefix",
    most: 100_000,
    rules: (size) => oneHost(each(size, (i) => forward({ path: prefixPath(`${path(i)}/`) }))),
    request: (i) => ask(`${path(i)}/items/7`),
  },
  {
    // /n/0/, /n/0/1/, …: eight deep, the longer before the shorter, as one has to write them.
    name: "nested-prefix",
    most: 100_000,
    rules: (size) => oneHost(each(size, (i) => forward({ path: prefixPath(nested(i)) }))),
    request: (i) => ask(`${nested(i)}x`),
  },
  {
    name: "host-each",
    most: 100_000,
    rules: (size) => ({
      ignorePortInHost: true,
      virtualHosts: each(size, () => forward({})).map((route, i): VirtualHost => {
        const host = `service-${i}.example`;
        return { name: host, domains: [host], routes: [route] };
      }),
    }),
    request: (i) => ask("/items/7", { host: `service-${i}.example` }),
  },
  {
    name: "wildcard-host",
    most: 100_000,
    rules: (size) => ({
      ignorePortInHost: true,
      virtualHosts: each(size, () => forward({})).map((route, i): VirtualHost => {
        const host = `*.team-${i}.example`;
        return { name: host, domains: [host], routes: [route] };
      }),
    }),
    request: (i) => ask("/items/7", { host: `www.team-${i}.example` }),
  },
  {
    name: "exact-header",
    most: 100_000,
    rules: (size) =>
      oneHost(
        each(size, (i) =>
          forward({ path: exactPath(path(i)), headers: [exactHeader("x-version", `v${i % 5}`)] }),
        ),
      ),
    request: (i) => ask(path(i), { headers: { "x-version": `v${i % 5}` } }),
  },
  {
    name: "header-decides",
    most: 100_000,
    rules: (size) =>
      oneHost(
        each(size, (i) =>
          forward({ path: exactPath("/"), headers: [exactHeader("x-tenant", `tenant-${i}`)] }),
        ),
      ),
    request: (i) => ask("/", { headers: { "x-tenant": `tenant-${i}` } }),
  },
  {
    name: "query-decides",
    most: 100_000,
    rules: (size) =>
      oneHost(
        each(size, (i) =>
          forward({ path: prefixPath("/search"), queryParams: [exactParameter("tenant", `t${i}`)] }),
        ),
      ),
    request: (i) => ask(`/search/all?page=1&tenant=t${i}`),
  },
  {
    name: "method-path",
    most: 100_000,
    rules: (size) =>
      oneHost(
        each(size, (i) =>
          forward({
            path: exactPath(path(i >> 2)),
            headers: [exactHeader(":method", METHODS[i & 3]!)],
          }),
        ),
      ),
    request: (i) => ask(path(i >> 2), { method: METHODS[i & 3]! }),
  },
  {
    name: "three-headers",
    most: 100_000,
    rules: (size) =>
      oneHost(
        each(size, (i) =>
          forward({
            path: prefixPath("/"),
            headers: [
              exactHeader("x-region", `r${i % 10}`),
              exactHeader("x-tenant", `t${Math.floor(i / 10) % 100}`),
              exactHeader("x-build", `b${Math.floor(i / 1000)}`),
            ],
          }),
        ),
      ),
    request: (i) =>
      ask("/", {
        headers: {
          "x-region": `r${i % 10}`,
          "x-tenant": `t${Math.floor(i / 10) % 100}`,
          "x-build": `b${Math.floor(i / 1000)}`,
        },
      }),
  },
  {
    name: "regex",
    most: 10_000,
    rules: (size) =>
      oneHost(each(size, (i) => forward({ path: regexPath(`/api/v[0-9]+/service-${i}/items/[^/]+`) }))),
    request: (i) => ask(`/api/v1/service-${i}/items/7`),
  },
  {
    name: "contains",
    most: 10_000,
    rules: (size) => oneHost(each(size, (i) => forward({ path: regexPath(`.*x${i}y.*`) }))),
    request: (i) => ask(`/some/path/x${i}y/items`),
  },
  {
    // No literal says all of what such a rule asks for.
    name: "contains-class",
    most: 10_000,
    rules: (size) => oneHost(each(size, (i) => forward({ path: regexPath(`.*/x${i}/[0-9]+/.*`) }))),
    request: (i) => ask(`/some/x${i}/17/items`),
  },
  {
    name: "mix",
    most: 100_000,
    rules: mixedRules,
    request: mixedRequest,
  },
  {
    // Every rule may take every request as far as any one attribute tells: each prefix is inside the one after it,
    // each header value is shared by many, and regular expressions overlap.
    name: "adversary",
    most: 10_000,
    rules: (size) => oneHost(each(size, adversarialRule)),
    request: (_, size) =>
      ask(`/${"a".repeat(64)}`, { headers: { "x-a": "1", "x-b": "1", "x-last": String(size - 1) } }),
  },
  {
    // What the demo mesh has: a few hosts, a few rules each.
    name: "demo",
    most: 8,
    rules: () => demoRules(),
    request: (i) => demoRequest(i),
  },
];

export const SHAPES: ReadonlyMap<string, Shape> = new Map(shapes.map((shape) => [shape.name, shape]));

function nested(i: number): string {
  const depth = 8 - (i % 8);
  return `/n/${Math.floor(i / 8)}/${Array.from({ length: depth }, (_, level) => `${level}/`).join("")}`;
}

/** Twenty rules a host; most by prefix, a fifth exact, a tenth with a header, one in forty a regex, a default last. */
function mixedRules(size: number): RouteTable {
  const virtualHosts: VirtualHost[] = [];
  for (let first = 0; first < size; first += MIX_RULES) {
    const host = `service-${first / MIX_RULES}.example`;
    const routes = each(Math.min(MIX_RULES, size - first), (k) => {
      const i = first + k;
      if (k === MIX_RULES - 1) {
        return forward({});
      }
      if (i % 40 === 7) {
        return forward({ path: regexPath(`/r${k}/[a-z]+/[0-9]+`) });
      }
      if (i % 10 === 3) {
        return forward({ path: prefixPath(`/p${k}`), headers: [exactHeader("x-canary", "yes")] });
      }
      return forward({ path: i % 5 === 0 ? exactPath(`/e${k}`) : prefixPath(`/p${k}/`) });
    });
    virtualHosts.push({ name: host, domains: [host], routes });
  }
  return { ignorePortInHost: true, virtualHosts };
}

const MIX_RULES = 20;

function mixedRequest(i: number): BenchRequest {
  const k = i % MIX_RULES;
  const host = `service-${Math.floor(i / MIX_RULES)}.example`;
  if (k === MIX_RULES - 1) {
    return ask("/anything", { host });
  }
  if (i % 40 === 7) {
    return ask(`/r${k}/abc/123`, { host });
  }
  if (i % 10 === 3) {
    return ask(`/p${k}`, { host, headers: { "x-canary": "yes" } });
  }
  return ask(i % 5 === 0 ? `/e${k}` : `/p${k}/x`, { host });
}

/** Only the last header decides, and only the last rule has what the request has. */
function adversarialRule(i: number): Route {
  const last = exactHeader("x-last", String(i));
  switch (i % 4) {
    case 0:
      return forward({ path: prefixPath(`/${"a".repeat(64 - (i % 64))}`), headers: [last] });
    case 1:
      return forward({ headers: [exactHeader("x-a", "1"), last] });
    case 2:
      return forward({ path: prefixPath("/a"), headers: [exactHeader("x-b", "1"), last] });
    default:
      return forward({ headers: [{ ...exactHeader("x-a", "2"), invert: true }, last] });
  }
}

function demoRules(): RouteTable {
  const host = (name: string, routes: readonly Route[]): VirtualHost => ({
    name,
    domains: [name, `${name}.default`, `${name}.default.svc`, `${name}.default.svc.cluster.local`],
    routes,
  });
  const jason = exactHeader("end-user", "jason");
  return {
    ignorePortInHost: true,
    virtualHosts: [
      host("bookinfo.example", [
        forward({ path: exactPath("/productpage") }),
        forward({ path: prefixPath("/static") }),
        forward({ path: exactPath("/login") }),
        forward({ path: prefixPath("/api/v1/products") }),
      ]),
      host("reviews", [forward({ headers: [jason] }), forward({})]),
      host("ratings", [forward({ headers: [jason] }), forward({})]),
      host("details", [forward({})]),
    ],
  };
}

function demoRequest(i: number): BenchRequest {
  const requests = [
    ask("/productpage", { host: "bookinfo.example" }),
    ask("/static/style.css", { host: "bookinfo.example" }),
    ask("/login", { host: "bookinfo.example" }),
    ask("/api/v1/products/0", { host: "bookinfo.example" }),
    ask("/reviews/0", { host: "reviews", headers: { "end-user": "jason" } }),
    ask("/reviews/0", { host: "reviews" }),
    ask("/ratings/0", { host: "ratings" }),
    ask("/details/0", { host: "details" }),
  ];
  return requests[i % requests.length]!;
}
