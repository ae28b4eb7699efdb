import { expect, test } from "vitest";
import type { Diagnostic } from "../../../diagnostics/diagnostic.ts";
import { hostOf, lower, resources, serviceYaml, targets } from "../testing.ts";

const SERVICES = ["a", "b", "root", "other"].map((name) => serviceYaml(name)).join("");

/** Not in `default` where it says so; its http rules in flow style. */
function vs(name: string, http: string, { hosts = "", namespace = "default", more = "" } = {}): string {
  return `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  ${hosts === "" ? "" : `hosts: [${hosts}]`}
  ${more}
  http: ${http}
`;
}

const to = (host: string) => `route: [{ destination: { host: ${host} } }]`;

/** The text that a diagnostic points at, up to the end of its line. */
function pointsAt({ span }: Diagnostic): string {
  return span === undefined ? "" : span.file.text.slice(span.start).split("\n")[0]!;
}

const rootHost = (lowered: ReturnType<typeof lower>) =>
  hostOf(lowered, "mesh", "root.default.svc.cluster.local");

test("the delegate's rules stand in the place of the rule, names joined, what is left open given by the root", () => {
  const lowered = lower(
    SERVICES +
      vs(
        "root",
        `[{ name: r, match: [{ name: m, uri: { prefix: /a } }], delegate: { name: leaf }, timeout: 5s,
            fault: { abort: { httpStatus: 503, percentage: { value: 100 } } } },
          { ${to("other")} }]`,
        { hosts: "root" },
      ) +
      vs(
        "leaf",
        `[{ name: l, match: [{ name: k, uri: { exact: /a/1 } }], ${to("a")}, timeout: 1s }, { ${to("b")} }]`,
      ),
  );
  expect(lowered.findings).toEqual([]);
  const host = rootHost(lowered);
  expect(targets(host?.routes)).toEqual([
    "outbound|80||a.default.svc.cluster.local",
    "outbound|80||b.default.svc.cluster.local",
    "outbound|80||other.default.svc.cluster.local",
  ]);
  expect(host?.routes).toMatchObject([
    { name: "r-l.m-k", match: { path: { kind: "exact", value: "/a/1" } }, action: { timeoutMs: 1000 } },
    { name: "r.m", match: { path: { kind: "prefix", value: "/a" } }, action: { timeoutMs: 5000 } },
    { name: "" },
  ]);
  expect(host?.routes.map(({ fault }) => fault !== undefined)).toEqual([true, true, false]);
  expect(host?.routes.map(({ origin }) => [origin?.resource, origin?.rule, origin?.match])).toEqual([
    ["VirtualService default/leaf", 0, 0],
    ["VirtualService default/leaf", 1, undefined],
    ["VirtualService default/root", 1, undefined],
  ]);
});

test("short names mean what they mean where they are written", () => {
  const lowered = lower(
    `${SERVICES}
---
apiVersion: v1
kind: Service
metadata: { name: a, namespace: team }
spec: { clusterIP: 10.97.0.1, ports: [{ name: http, port: 80 }] }
` +
      vs("root", "[{ delegate: { name: leaf, namespace: team }, mirror: { host: b } }]", { hosts: "root" }) +
      vs("leaf", `[{ ${to("a")} }]`, { namespace: "team" }),
  );
  expect(lowered.findings).toEqual([]);
  expect(rootHost(lowered)?.routes[0]?.action).toMatchObject({
    destinations: [{ cluster: "outbound|80||a.team.svc.cluster.local" }],
    mirrors: [{ cluster: "outbound|80||b.default.svc.cluster.local" }],
  });
});

test("a delegate that is missing, not exported or has hosts: the rule is left out, the others stay", () => {
  const lowered = lower(
    SERVICES +
      vs(
        "root",
        `[{ match: [{ uri: { prefix: /1 } }], delegate: { name: laef } },
          { match: [{ uri: { prefix: /2 } }], delegate: { name: private, namespace: team } },
          { match: [{ uri: { prefix: /3 } }], delegate: { name: whole } },
          { ${to("other")} }]`,
        { hosts: "root" },
      ) +
      vs("leaf", `[{ ${to("a")} }]`) +
      vs("private", `[{ ${to("a")} }]`, { namespace: "team", more: "exportTo: [.]" }) +
      vs("whole", `[{ ${to("a")} }]`, { hosts: "a" }),
  );
  expect(targets(rootHost(lowered)?.routes)).toEqual(["outbound|80||other.default.svc.cluster.local"]);
  expect(lowered.diagnostics).toMatchObject([
    { code: "SL0411", level: "warning", help: 'Did you mean "default/leaf"?' },
    { code: "SL0411", related: [{ message: "its exportTo" }] },
    { code: "SL0411", related: [{ message: "its hosts" }] },
  ]);
  expect(lowered.diagnostics.map(pointsAt)).toMatchObject([
    expect.stringMatching(/^laef/),
    expect.stringMatching(/^private/),
    expect.stringMatching(/^whole/),
  ]);
});

test("a rule that is not inside what is delegated is dropped, and said where it stands", () => {
  const lowered = lower(
    SERVICES +
      vs("root", "[{ match: [{ uri: { prefix: /a } }], delegate: { name: leaf } }]", { hosts: "root" }) +
      vs(
        "leaf",
        `[{ match: [{ uri: { exact: /a/1 } }, { uri: { prefix: /elsewhere } }], ${to("a")} }, { ${to("b")} }]`,
      ),
  );
  expect(targets(rootHost(lowered)?.routes)).toEqual(["outbound|80||b.default.svc.cluster.local"]);
  expect(lowered.diagnostics).toMatchObject([{ code: "SL0412", level: "warning" }]);
  expect(pointsAt(lowered.diagnostics[0]!)).toMatch(/^\{ uri: \{ prefix: \/elsewhere/);
});

test("what is wrong in a delegate is said at its own place, once; in what the root gives, at the root's", () => {
  const lowered = lower(
    SERVICES +
      vs(
        "root",
        `[{ match: [{ uri: { prefix: /1 } }], delegate: { name: leaf }, mirror: { host: rootmirror } },
          { match: [{ uri: { prefix: /2 } }], delegate: { name: leaf } }]`,
        { hosts: "root" },
      ) +
      vs("leaf", `[{ ${to("nowhere")} }]`),
  );
  expect(lowered.diagnostics.map((one) => [one.code, pointsAt(one).split(" ")[0]])).toEqual([
    ["SL0401", "nowhere"],
    ["SL0401", "rootmirror"],
  ]);
});

test("a delegate that stands in another file is pointed at in that file", () => {
  const file = (path: string, text: string) => ({ path, text });
  const set = resources([
    file("root.yaml", SERVICES + vs("root", "[{ delegate: { name: leaf } }]", { hosts: "root" })),
    file("leaf.yaml", vs("leaf", `[{ ${to("nowhere")} }]`)),
  ]);
  const lowered = lower(set);
  expect(lowered.diagnostics.map(({ span }) => span?.file.path)).toEqual(["leaf.yaml"]);
});

test("delegates in a circle are an error, each circle said once", () => {
  const lowered = lower(
    SERVICES +
      vs("first", "[{ delegate: { name: ring1 } }]", { hosts: "root" }) +
      vs("ring1", "[{ delegate: { name: ring2 } }]") +
      vs("ring2", `[{ match: [{ uri: { prefix: /z } }], delegate: { name: ring1 } }, { ${to("a")} }]`) +
      vs("self", "[{ delegate: { name: self } }]", { hosts: "other" }),
  );
  const circles = lowered.diagnostics.filter(({ code }) => code === "SL0413");
  expect(circles.map(({ level, message }) => [level, message.split(": ")[1]])).toEqual([
    ["error", "default/ring1 → default/ring2 → default/ring1"],
    ["error", "default/self → default/self"],
  ]);
  expect(circles.map(pointsAt)).toEqual([
    expect.stringMatching(/^\{ name: ring1 \} \}, \{ route/),
    expect.stringMatching(/^\{ name: self/),
  ]);
});

test("a chain of ten thousand is walked, not recursed into", () => {
  const chain = Array.from({ length: 10_000 }, (_, i) => vs(`v${i}`, `[{ delegate: { name: v${i + 1} } }]`));
  expect(
    lower(chain.join("") + vs("v10000", "[{ delegate: { name: v0 } }]")).diagnostics.map(({ code }) => code),
  ).toEqual(["SL0413"]);
});
