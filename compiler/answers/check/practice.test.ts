/** What is valid, and a slip: each is told of the slip, and not of what it was probably meant to be. */

import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { positionAt } from "../../diagnostics/position.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { checkSources } from "./check.ts";

const LINTS = /^SL08(1[6-9]|2)/;

/** `code line` of the slips that are found. */
function slips(text: string): string[] {
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => void found.push(diagnostic) };
  checkSources([{ path: "rules.yaml", text }], DEFAULT_PROXY_OPTIONS, sink);
  expect(found.filter(({ level }) => level === "error")).toEqual([]);
  return found
    .filter(({ code }) => LINTS.test(code))
    .map(({ code, span }) => `${code} ${positionAt(span!.file, span!.start).line}`)
    .sort();
}

const codes = (text: string) => slips(text).map((slip) => slip.slice(0, 6));

const file = (...documents: readonly object[]) => documents.map((one) => JSON.stringify(one)).join("\n---\n");

const istio = (kind: string, name: string, spec: object, metadata: object = {}) => ({
  apiVersion: "networking.istio.io/v1",
  kind,
  metadata: { name, ...metadata },
  spec,
});

const SERVICE = istio("ServiceEntry", "s", {
  hosts: ["s.example"],
  ports: [{ number: 80, name: "http", protocol: "HTTP" }],
  resolution: "DNS",
});

const TLS = { mode: "SIMPLE", serverCertificate: "/etc/hostname", privateKey: "/etc/hostname" };

const EDGE = istio("Gateway", "edge", {
  selector: { istio: "ingressgateway" },
  servers: [
    { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] },
    { port: { number: 443, name: "https", protocol: "HTTPS" }, hosts: ["*"], tls: TLS },
  ],
});

const ROUTE = { route: [{ destination: { host: "s.example" } }] };

/** Rules at the edge, for `a.example` and `www.a.example`. */
const atEdge = (http: readonly object[], more: object = {}) =>
  file(
    SERVICE,
    EDGE,
    istio("VirtualService", "a", {
      hosts: ["a.example", "www.a.example"],
      gateways: ["edge"],
      http,
      ...more,
    }),
  );

describe("a rule by itself", () => {
  test.each<[what: string, code: string, slip: object, meant: object]>([
    [
      "an abort without a percentage",
      "SL0816",
      { ...ROUTE, fault: { abort: { httpStatus: 503 } } },
      { ...ROUTE, fault: { abort: { httpStatus: 503, percentage: { value: 1 } } } },
    ],
    [
      "a delay without a percentage",
      "SL0816",
      { ...ROUTE, fault: { delay: { fixedDelay: "1s" } } },
      { ...ROUTE, fault: { delay: { fixedDelay: "1s", percent: 10 } } },
    ],
    [
      "a percentage of 0",
      "SL0817",
      { ...ROUTE, fault: { delay: { fixedDelay: "1s", percentage: { value: 0 } } } },
      { ...ROUTE, fault: { delay: { fixedDelay: "1s", percentage: { value: 0.1 } } } },
    ],
    [
      "a star in a prefix",
      "SL0818",
      { ...ROUTE, match: [{ uri: { prefix: "/api/*" } }] },
      { ...ROUTE, match: [{ uri: { prefix: "/api/" } }] },
    ],
    [
      "an expression in an exact path",
      "SL0818",
      { ...ROUTE, match: [{ uri: { exact: "/api/.*" } }] },
      { ...ROUTE, match: [{ uri: { regex: "/api/.*" }, headers: { accept: { exact: "*/*" } } }] },
    ],
    [
      "a wildcard in an expression",
      "SL0818",
      { ...ROUTE, match: [{ uri: { regex: "/api/*" } }] },
      { ...ROUTE, match: [{ uri: { regex: "/api/.*|/b//?" } }] },
    ],
    [
      "a star in an exact host",
      "SL0818",
      { ...ROUTE, match: [{ authority: { exact: "*.a.example" } }] },
      { ...ROUTE, match: [{ authority: { regex: ".*\\.a\\.example" } }] },
    ],
    [
      "a placeholder in a plain rewrite",
      "SL0819",
      { ...ROUTE, match: [{ uri: { prefix: "/u/" } }], rewrite: { uri: "/users/$1" } },
      { ...ROUTE, match: [{ uri: { prefix: "/u/" } }], rewrite: { uri: "/users/" } },
    ],
    [
      "a placeholder in a redirect",
      "SL0819",
      { match: [{ uri: { prefix: "/u/" } }], redirect: { uri: "/users/\\1" } },
      { match: [{ uri: { prefix: "/u/" } }], redirect: { uri: "/users/$" } },
    ],
    [
      "a placeholder of other programs",
      "SL0819",
      { ...ROUTE, rewrite: { uriRegexRewrite: { match: "/u/(.*)", rewrite: "/users/$1" } } },
      { ...ROUTE, rewrite: { uriRegexRewrite: { match: "/u/(.*)", rewrite: "/users/\\1" } } },
    ],
    [
      "a group that is not there",
      "SL0819",
      { ...ROUTE, rewrite: { uriRegexRewrite: { match: "/u/(.*)", rewrite: "/\\2/\\1" } } },
      { ...ROUTE, rewrite: { uriRegexRewrite: { match: "/u/(.*)/(?:a)(b)", rewrite: "/\\2/\\0\\\\3" } } },
    ],
    [
      "a port of no server",
      "SL0820",
      { ...ROUTE, match: [{ port: 8443 }] },
      { ...ROUTE, match: [{ port: 443 }] },
    ],
  ])("%s", (_what, code, slip, meant) => {
    expect(codes(atEdge([slip]))).toEqual([code]);
    expect(codes(atEdge([meant]))).toEqual([]);
  });
});

describe("a redirect that leads to itself", () => {
  test.each<[what: string, rule: object]>([
    ["with the same path for every path", { redirect: { uri: "/home" } }],
    ["to the host that it is a rule of", { redirect: { authority: "www.a.example" } }],
    ["to https, on a server that is reached by it", { redirect: { scheme: "https" } }],
    [
      "to a longer path each time",
      { match: [{ uri: { prefix: "/a" } }], redirect: { prefixRewrite: "/a/b" } },
    ],
    ["with a query", { match: [{ queryParams: { q: { exact: "1" } } }], redirect: { uri: "/found" } }],
  ])("%s", (_what, rule) => {
    expect(codes(atEdge([rule]))).toEqual(["SL0821"]);
  });

  test("over several rules, each of which is told", () => {
    const both = [
      { match: [{ uri: { exact: "/a" } }], redirect: { uri: "/b" } },
      { match: [{ uri: { exact: "/b" } }], redirect: { uri: "/a" } },
    ];
    expect(codes(atEdge(both))).toEqual(["SL0821", "SL0821"]);
  });

  test.each<[what: string, http: readonly object[]]>([
    ["to another path", [{ match: [{ uri: { exact: "/" } }], redirect: { uri: "/home" } }, ROUTE]],
    [
      "to a path that an earlier rule serves",
      [{ match: [{ uri: { exact: "/home" } }], ...ROUTE }, { redirect: { uri: "/home" } }],
    ],
    ["to another host", [{ redirect: { authority: "b.example" } }]],
    ["to another port", [{ redirect: { port: 8080 } }]],
    [
      "from one of its hosts to the other",
      [{ match: [{ authority: { exact: "a.example" } }], redirect: { authority: "www.a.example" } }, ROUTE],
    ],
    ["to https from the port without", [{ match: [{ port: 80 }], redirect: { scheme: "https" } }, ROUTE]],
  ])("not one %s", (_what, http) => {
    expect(codes(atEdge(http))).toEqual([]);
  });
});

describe("a port that no server has", () => {
  const withMatch = (match: object, more: object = {}) => atEdge([{ ...ROUTE, match: [match] }], more);

  test("is looked for at the Gateways that the match names", () => {
    const other = istio("Gateway", "other", {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 8080, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    });
    const both = { gateways: ["edge", "other"] };
    const withOther = (match: object) => `${withMatch(match, both)}\n---\n${JSON.stringify(other)}`;
    expect(codes(withOther({ port: 8080 }))).toEqual([]);
    expect(codes(withOther({ port: 8080, gateways: ["edge"] }))).toEqual(["SL0820"]);
  });

  test("is nobody's to know in the mesh, and at Gateways that are not here", () => {
    expect(codes(withMatch({ port: 8080 }, { gateways: ["mesh", "edge"] }))).toEqual([]);
    expect(codes(withMatch({ port: 8080 }, { gateways: ["elsewhere/edge"] }))).toEqual([]);
  });
});

describe("a ServiceEntry whose host another resource has", () => {
  const entry = (name: string, spec: object, metadata: object = {}) =>
    istio(
      "ServiceEntry",
      name,
      {
        hosts: ["x.example"],
        ports: [{ number: 80, name: "http", protocol: "HTTP" }],
        resolution: "STATIC",
        endpoints: [{ address: "10.0.0.1" }],
        ...spec,
      },
      { creationTimestamp: `2026-01-0${name.length}T00:00:00Z`, ...metadata },
    );
  const older = entry("a", {});
  const MORE = { ports: [{ number: 8080, name: "http-2", protocol: "HTTP" }] };

  test.each<[what: string, younger: object, told: boolean]>([
    ["the same kind brings a port", entry("bb", MORE), false],
    ["another resolution", entry("bb", { resolution: "DNS" }), true],
    ["another namespace", entry("bb", {}, { namespace: "other" }), true],
    ["labels, and a port of its own", entry("bb", MORE, { labels: { team: "b" } }), true],
    ["labels, and the same port", entry("bb", {}, { labels: { team: "b" } }), false],
    ["exportTo, and a port of its own", entry("bb", { ...MORE, exportTo: ["."] }), true],
    ["another namespace that alone sees it", entry("bb", { exportTo: ["."] }, { namespace: "other" }), false],
  ])("%s", (_what, younger, told) => {
    expect(slips(file(older, younger))).toEqual(told ? ["SL0822 3"] : []);
    expect(slips(file(younger, older))).toEqual(told ? ["SL0822 1"] : []);
  });

  test("two that nobody sees together", () => {
    const own = { exportTo: ["."] };
    expect(slips(file(entry("a", own), entry("bb", own, { namespace: "other" })))).toEqual([]);
  });

  test("the Service of another namespace", () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "x", namespace: "shop" },
      spec: { ports: [{ port: 80 }] },
    };
    const named = (namespace: string) => entry("a", { hosts: ["x.shop.svc.cluster.local"] }, { namespace });
    expect(slips(file(service, named("other")))).toEqual(["SL0822 3"]);
    expect(slips(file(service, named("shop")))).toEqual([]);
  });
});

describe("headers that a delegate replaces", () => {
  const set = (headers: object) => ({ headers: { request: { set: headers } } });
  const root = istio("VirtualService", "root", {
    hosts: ["a.example"],
    http: [{ delegate: { name: "team" }, ...set({ "x-verified": "yes" }) }],
  });
  const team = (more: object) => istio("VirtualService", "team", { http: [{ ...ROUTE, ...more }] });

  test("are told where they are lost", () => {
    expect(slips(file(SERVICE, root, team(set({ "x-team": "a" }))))).toEqual(["SL0823 5"]);
    expect(slips(file(SERVICE, root, team({ headers: { response: { remove: ["via"] } } })))).toEqual([
      "SL0823 5",
    ]);
  });

  test("not where there are none, or they are repeated", () => {
    expect(slips(file(SERVICE, root, team({})))).toEqual([]);
    expect(slips(file(SERVICE, root, team(set({ "x-team": "a", "x-verified": "no" }))))).toEqual([]);
  });
});

test("hosts with other capitals than their service, where Istio compares letter by letter", () => {
  const rules = (http: object) => istio("VirtualService", "a", { hosts: ["A.example"], http: [http] });
  const to = (host: string) => rules({ route: [{ destination: { host } }] });
  const capital = { ...SERVICE, spec: { ...SERVICE.spec, hosts: ["S.example"] } };
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { ports: [{ port: 80 }] },
  };
  expect(slips(file(SERVICE, to("S.example")))).toEqual(["SL0824 3"]);
  expect(slips(file(SERVICE, rules({ ...ROUTE, mirror: { host: "S.example" } })))).toEqual(["SL0824 3"]);
  expect(slips(file(capital, to("s.example")))).toEqual(["SL0824 3"]);
  expect(slips(file(service, to("WEB")))).toEqual(["SL0824 3"]);
  expect(slips(file(service, to("WEB.default.svc.cluster.local")))).toEqual(["SL0824 3"]);
  expect(slips(file(SERVICE, istio("DestinationRule", "d", { host: "S.Example" })))).toEqual(["SL0824 3"]);
  // As the service has it; and one that nobody has is told of by SL0401.
  for (const fine of [
    file(SERVICE, to("s.example")),
    file(capital, to("S.example")),
    file(service, to("web")),
    file(SERVICE, to("NOBODY.example")),
  ]) {
    expect(slips(fine)).toEqual([]);
  }
});

test("rules of several VirtualServices go by age, so moving one within its file would not help", () => {
  const found: Diagnostic[] = [];
  const rules = (name: string, http: readonly object[]) =>
    istio("VirtualService", name, { hosts: ["a.example"], gateways: ["edge"], http });
  const inTwo = file(
    SERVICE,
    EDGE,
    rules("a", [{ match: [{ uri: { prefix: "/x" } }], ...ROUTE }]),
    rules("b", [{ match: [{ uri: { exact: "/x/y" } }], ...ROUTE }]),
  );
  const inOne = atEdge([
    { match: [{ uri: { prefix: "/x" } }], ...ROUTE },
    { match: [{ uri: { regex: "/x[a-z]" } }], ...ROUTE },
  ]);
  const hidden = (text: string) => {
    found.length = 0;
    checkSources([{ path: "rules.yaml", text }], DEFAULT_PROXY_OPTIONS, {
      report: (one) => void found.push(one),
    });
    return found.find(({ code }) => code === "SL0270" || code === "SL0271");
  };
  expect(hidden(inTwo)?.help).toContain("creationTimestamp");
  // At both servers by the same rule, which is one.
  expect(hidden(inTwo)?.message).toContain("an earlier one");
  expect(hidden(inOne)?.help).toContain("Move it");
});
