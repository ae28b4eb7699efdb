import { expect, test } from "vitest";
import { checkSources } from "../../answers/check/check.ts";
import { KIND_SCHEMAS } from "../../front/resources/schema/kinds.ts";
import { RULE_TYPES } from "../../kubernetes/client/resource-types.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { applied, cluster, deleted, objectsIn, requestFor } from "./meshes.fixture.ts";
import { review } from "./review.ts";

const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: default }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: reviews-1, namespace: default, labels: { app: reviews, version: v1 } }
spec: {}
---
`;
const POLICY = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: default }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }
---
`;
const virtualService = (http: string, name = "reviews") => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default }
spec: { hosts: [reviews], http: ${http} }
---
`;
const TO_V1 = "[{ route: [{ destination: { host: reviews, subset: v1 } }] }]";
const codesOf = (texts: readonly string[] = []) => texts.map((text) => /SL\d{4}/.exec(text)?.[0]);

test("what is right is allowed without a word", () => {
  expect(applied(virtualService(TO_V1), SERVICE + POLICY)).toEqual({ uid: "1", allowed: true });
});

test("all that is wrong is told at once, as causes with the fields of the API server", () => {
  const { allowed, status } = applied(
    virtualService(`[
      { timeout: soon, route: [{ destination: { host: reviews } }] },
      { retries: { attempts: many }, route: [{ destination: { host: reviews } }] }]`),
    SERVICE,
  );
  expect(allowed).toBe(false);
  expect(status).toMatchObject({
    code: 422,
    reason: "Invalid",
    details: { name: "reviews", group: "networking.istio.io", kind: "VirtualService" },
  });
  expect(status!.details.causes.map(({ field }) => field)).toEqual([
    "spec.http[0].timeout",
    "spec.http[1].retries.attempts",
  ]);
  for (const { field, message } of status!.details.causes) {
    expect(status!.message).toContain(`* ${field}: ${message}`);
  }
});

test("an expression that is not valid is all that is said of it, also beside a redirect that could lead to itself", () => {
  const { status } = applied(
    virtualService("[{ match: [{ uri: { regex: '[' } }], redirect: { uri: /x } }]"),
    SERVICE,
  );
  expect(codesOf(status!.details.causes.map(({ message }) => message))).toEqual(["SL0207"]);
});

test("a reference that leads nowhere is a warning: what it names may come next", () => {
  const { allowed, warnings } = applied(virtualService(TO_V1), SERVICE);
  expect(allowed).toBe(true);
  expect(codesOf(warnings)).toEqual(["SL0403"]);
  expect(warnings![0]).toMatch(/^spec\.http\[0\]\.route\[0\]\.destination\.subset: /);
});

test("with strict, a warning refuses", () => {
  const { allowed, status } = applied(virtualService(TO_V1), SERVICE, { strict: true });
  expect(allowed).toBe(false);
  expect(codesOf(status!.details.causes.map(({ message }) => message))).toEqual(["SL0403"]);
});

test("what was wrong with others before refuses nobody, and is not told", () => {
  const wrong = virtualService("[{ timeout: soon }]", "wrong") + virtualService("[{ rout: [] }]", "refused");
  expect(applied(POLICY, SERVICE + virtualService(TO_V1) + wrong)).toEqual({ uid: "1", allowed: true });
});

test("what a change breaks elsewhere is told by the name of the other object", () => {
  const renamed = POLICY.replace("name: v1", "name: v2");
  const { allowed, warnings } = applied(renamed, SERVICE + POLICY + virtualService(TO_V1));
  expect(allowed).toBe(true);
  expect(codesOf(warnings)).toEqual(["SL0403"]);
  expect(warnings![0]).toMatch(
    /^VirtualService default\/reviews, spec\.http\[0\]\.route\[0\]\.destination\.subset: /,
  );
});

test("an error that a change makes elsewhere refuses the change", () => {
  const delegate = (name: string, to: string, more = "") => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default }
spec: { ${more} http: [{ match: [{ uri: { prefix: /${name} } }], delegate: { name: ${to} } }] }
---
`;
  const there = SERVICE + delegate("a", "b", "hosts: [reviews],") + delegate("b", "c");
  const { allowed, status } = applied(delegate("c", "b"), there);
  expect(allowed).toBe(false);
  expect(codesOf(status!.details.causes.map(({ message }) => message))).toContain("SL0413");
});

const object = (kind: string, name: string, spec: string, metadata = "") => {
  const { group, version } = RULE_TYPES.find((type) => type.kind === kind)!;
  return `apiVersion: ${group}/${version}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: default, ${metadata} }\nspec: ${spec}\n---\n`;
};

test("every kind of Istio's that is compiled is reviewed", () => {
  const ofKubernetes = ["Service", "EndpointSlice", "Endpoints", "Pod", "Secret", "Node"];
  const compiled = Object.keys(KIND_SCHEMAS).filter((kind) => !ofKubernetes.includes(kind));
  expect(RULE_TYPES.map(({ kind }) => kind).sort()).toEqual(compiled.sort());
});

test.each([
  ...RULE_TYPES.map(({ kind }) => [kind, "{ nobodys: field }", ["SL0104"]] as const),
  ["RequestAuthentication", "{ jwtRules: [{ issuer: i, jwks: '{}' }, {}] }", ["SL0973", "SL0973"]],
  ["ProxyConfig", "{ concurrency: -1 }", ["SL0105"]],
  ["WorkloadGroup", "{ template: { ports: { http: 70000 } } }", ["SL0202"]],
] as const)("a wrong %s, %s, is refused in the words of check", (kind, spec, codes) => {
  const wrong = object(kind, "wrong", spec);
  const { allowed, status } = applied(wrong, SERVICE);
  expect(allowed).toBe(false);
  const said = status!.details.causes.map(({ message }) => message);
  expect(codesOf(said)).toEqual(expect.arrayContaining([...codes]));
  const checked: string[] = [];
  checkSources([{ path: "wrong.yaml", text: wrong }], DEFAULT_PROXY_OPTIONS, {
    report: ({ level, message }) => void (level === "error" && checked.push(message)),
  });
  expect(said).toHaveLength(checked.length);
  for (const [i, message] of checked.entries()) {
    // Where a message begins with its field, the field stands beside it here.
    expect(message.endsWith(said[i]!.slice(0, said[i]!.indexOf(" (SL")))).toBe(true);
  }
});

const MACHINES =
  object(
    "ServiceEntry",
    "machines",
    "{ hosts: [m.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, workloadSelector: { labels: { app: m } } }",
  ) +
  object(
    "WorkloadEntry",
    "one",
    "{ address: 10.0.0.1 }",
    "annotations: { istio.io/autoRegistrationGroup: one }",
  ) +
  object("WorkloadEntry", "two", "{ address: 10.0.0.2, labels: { app: m, version: v2 } }");
const V1_OF_MACHINES = object(
  "DestinationRule",
  "machines",
  "{ host: m.example, subsets: [{ name: v1, labels: { version: v1 } }] }",
);
const GROUP = object("WorkloadGroup", "one", "{ template: { labels: { app: m, version: v1 } } }");

test("what a WorkloadGroup says of entries counts for a change of something else, and the other way round", () => {
  expect(applied(V1_OF_MACHINES, MACHINES).warnings).toHaveLength(1);
  expect(applied(V1_OF_MACHINES, MACHINES + GROUP).warnings).toBeUndefined();
  const mesh = MACHINES + V1_OF_MACHINES;
  expect(applied(GROUP, mesh)).toEqual({ uid: "1", allowed: true });
  const others = applied(GROUP.replace("v1 }", "v3 }"), mesh + GROUP);
  for (const { allowed, warnings } of [others, deleted("WorkloadGroup", "one", mesh + GROUP)]) {
    expect(allowed).toBe(true);
    expect(warnings).toEqual([
      expect.stringMatching(/^DestinationRule default\/machines, spec\.subsets\[0\]/),
    ]);
  }
});

test("what a ProxyConfig says of proxies counts for a change of something else, and the other way round", () => {
  const database = object(
    "ServiceEntry",
    "database",
    "{ hosts: [d.example], ports: [{ number: 5432, name: tcp, protocol: TCP }], resolution: DNS }",
  );
  const names = object(
    "ProxyConfig",
    "names",
    '{ environmentVariables: { ISTIO_META_DNS_CAPTURE: "true" } }',
  );
  expect(codesOf(applied(database, SERVICE).warnings)).toEqual(["SL0434"]);
  expect(applied(database, SERVICE + names).warnings).toBeUndefined();
  expect(applied(names, database)).toEqual({ uid: "1", allowed: true });
  const { allowed, warnings } = deleted("ProxyConfig", "names", database + names);
  expect(allowed).toBe(true);
  expect(codesOf(warnings)).toEqual(["SL0434"]);
  expect(warnings![0]).toContain("ServiceEntry default/database, ");
});

test("a rule that matches claims without a RequestAuthentication is told of when that goes", () => {
  const gateway = object(
    "Gateway",
    "edge",
    "{ selector: { istio: edge }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ['*'] }] }",
  );
  const pod = SERVICE.replaceAll("reviews", "edge").replace("app: edge,", "istio: edge, app: edge,");
  const tokens = object(
    "RequestAuthentication",
    "tokens",
    "{ selector: { matchLabels: { istio: edge } }, jwtRules: [{ issuer: i, jwks: '{\"keys\":[]}' }] }",
  );
  const claims = object(
    "VirtualService",
    "claims",
    "{ hosts: [reviews], gateways: [edge], http: [{ match: [{ headers: { '@request.auth.claims.sub': { exact: a } } }], route: [{ destination: { host: reviews } }] }] }",
  );
  const there = SERVICE + gateway + pod + claims;
  expect(applied(tokens, there)).toEqual({ uid: "1", allowed: true });
  const elsewhere = applied(tokens.replace("istio: edge", "istio: other"), there + tokens);
  for (const { allowed, warnings } of [
    elsewhere,
    deleted("RequestAuthentication", "tokens", there + tokens),
  ]) {
    expect(allowed).toBe(true);
    expect(codesOf(warnings)).toEqual(["SL0430"]);
    expect(warnings![0]).toContain("VirtualService default/claims, spec.http[0].match[0].headers[");
  }
});

test("a deletion is never refused; what it leaves dangling is a warning", () => {
  const there = SERVICE + POLICY + virtualService(TO_V1);
  for (const kind of ["DestinationRule", "Service"]) {
    const { allowed, warnings } = deleted(kind, "reviews", there);
    expect(allowed, kind).toBe(true);
    expect(warnings?.length, kind).toBeGreaterThan(0);
    expect(warnings!.join("\n"), kind).toContain("VirtualService default/reviews, spec.http[0]");
  }
  expect(deleted("VirtualService", "reviews", there).warnings).toBeUndefined();
});

test("who changes only the labels of a wrong object is warned, and can delete it by its finalizers", () => {
  const wrong = virtualService("[{ timeout: soon, route: [{ destination: { host: reviews } }] }]");
  const labelled = wrong.replace("name: reviews,", "name: reviews, labels: { a: b },");
  const { allowed, warnings } = applied(labelled, SERVICE + wrong);
  expect(allowed).toBe(true);
  expect(warnings).toHaveLength(1);
  const [object] = objectsIn(wrong);
  const leaving = {
    ...object!,
    metadata: { ...object!.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
  };
  const against = { resources: cluster(objectsIn(SERVICE)), proxy: DEFAULT_PROXY_OPTIONS };
  expect(review(requestFor("UPDATE", leaving, object), against)).toEqual({ uid: "1", allowed: true });
});

test.each([
  ["another kind", { kind: "ConfigMap", group: "" }],
  ["another group's kind of the same name", { kind: "Gateway", group: "gateway.networking.k8s.io" }],
  ["a subresource", { subresource: "status" }],
  ["a connection", { operation: "CONNECT" as const }],
])("%s is allowed without an opinion", (_, more) => {
  const [object] = objectsIn(virtualService("[{ timeout: soon }]"));
  const against = { resources: cluster([]), proxy: DEFAULT_PROXY_OPTIONS };
  expect(review({ ...requestFor("CREATE", object!), ...more }, against)).toEqual({ uid: "1", allowed: true });
});

test("warnings are of at most 256 characters, on one line, and not more than can be shown", () => {
  const subset = (i: number) =>
    `{ destination: { host: reviews, subset: ${"long".repeat(15)}${i} }, weight: 1 }`;
  const routes = Array.from({ length: 40 }, (_, i) => subset(i)).join(", ");
  const { allowed, warnings } = applied(virtualService(`[{ route: [${routes}] }]`), SERVICE);
  expect(allowed).toBe(true);
  expect(warnings!.length).toBeLessThan(20);
  expect(warnings!.at(-1)).toMatch(/^and \d+ more$/);
  for (const warning of warnings!) {
    expect(warning.length).toBeLessThanOrEqual(256);
    expect(warning).not.toMatch(/[\n\r]/);
  }
});

test("what is nested beyond all measure is refused, and ends no stack", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) {
    deep = [deep];
  }
  const [object] = objectsIn(virtualService("[]"));
  const against = { resources: cluster([]), proxy: DEFAULT_PROXY_OPTIONS };
  const { allowed, status } = review(requestFor("CREATE", { ...object!, spec: { http: deep } }), against);
  expect(allowed).toBe(false);
  expect(status!.message).toContain("SL0006");
});

test("one error among a thousand is found in a list that can be read", () => {
  const rules = Array.from({ length: 300 }, () => "{ timeout: soon }").join(", ");
  const { status } = applied(virtualService(`[${rules}]`), SERVICE);
  expect(status!.details.causes.length).toBeLessThan(60);
  expect(status!.details.causes.at(-1)!.message).toMatch(/^and \d+ more$/);
});

test("an object that names thousands of hosts is answered, too", () => {
  const hosts = Array.from({ length: 2000 }, (_, i) => `"*.h${i}.example"`).join(", ");
  const [object] = objectsIn(virtualService(TO_V1).replace("hosts: [reviews]", `hosts: [${hosts}]`));
  const services = Array.from({ length: 300 }, (_, i) => SERVICE.replaceAll("reviews", `reviews-${i}`)).join(
    "",
  );
  const against = { resources: cluster(objectsIn(services)), proxy: DEFAULT_PROXY_OPTIONS };
  expect(review(requestFor("CREATE", object!), against).allowed).toBe(true);
});
