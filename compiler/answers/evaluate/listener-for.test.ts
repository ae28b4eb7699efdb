import { expect, test } from "vitest";
import type { Listener, Role, Route } from "../../ir/ir.ts";
import { Evaluators } from "./evaluator.ts";

function listener(name: string, role: Role, servicePort: number | undefined, ...domains: string[]): Listener {
  return {
    name,
    role,
    ...(servicePort !== undefined && { servicePort }),
    address: "127.0.0.1",
    port: 1,
    routes: { ignorePortInHost: true, virtualHosts: [{ name: "host", domains, routes: [] }] },
  };
}

const EXPLICIT = listener("explicit proxy", "mesh", undefined, "a.example");
const SIDECAR = listener("sidecar", "mesh", 80, "a.example", "*");
const EDGE = listener("edge", "gateway", 80, "a.example");
const OTHER_EDGE = listener("other edge", "gateway", 8080, "a.example", "b.example");

const RULE: Route = {
  name: "",
  origin: {
    id: "default/a#1",
    ruleId: "default/a#1",
    resource: "default/a",
    rule: 0,
    span: { file: { path: "a.yaml", text: "" }, start: 0, end: 0 },
  },
  match: { headers: [], queryParams: [] },
  action: { kind: "directResponse", status: 200, body: "" },
};

/** Only whoever decides needs the filter. */
const chosen = (url: string, ...listeners: Listener[]) =>
  new Evaluators(undefined as never, { listeners, clusters: [] }).listenerFor({
    authority: url.replace("https://", ""),
    ...(url.startsWith("https://") && { secure: true }),
  })?.name;

test("the explicit proxy goes before gateways, and those before a sidecar's listeners", () => {
  expect(chosen("a.example", SIDECAR, EDGE, EXPLICIT)).toBe("explicit proxy");
  expect(chosen("a.example", SIDECAR, EDGE)).toBe("edge");
  expect(chosen("a.example", SIDECAR)).toBe("sidecar");
});

test("of gateways, the one on the port that the request names", () => {
  expect(chosen("a.example", OTHER_EDGE, EDGE)).toBe("edge");
  expect(chosen("a.example:8080", EDGE, OTHER_EDGE)).toBe("other edge");
});

test("a listener that knows the host goes before one that takes any", () => {
  expect(chosen("b.example", EXPLICIT, EDGE, OTHER_EDGE)).toBe("other edge");
});

test("for a host that nobody names, a listener that has rules goes before one that has none", () => {
  const ruled = (one: Listener): Listener => ({
    ...one,
    routes: {
      ...one.routes,
      virtualHosts: one.routes.virtualHosts.map((host) => ({ ...host, routes: [RULE] })),
    },
  });
  expect(chosen("typo.example", EXPLICIT, EDGE)).toBe("explicit proxy");
  expect(chosen("typo.example", EXPLICIT, OTHER_EDGE, ruled(EDGE))).toBe("edge");
  expect(chosen("typo.example", ruled(EXPLICIT), ruled(EDGE))).toBe("explicit proxy");
});

test("https goes to a listener that terminates TLS, and without one to any: over HTTP/2 a client may say so", () => {
  expect(chosen("https://a.example", EDGE)).toBe("edge");
  expect(chosen("https://a.example", EDGE, { ...OTHER_EDGE, tls: {} as never })).toBe("other edge");
});
