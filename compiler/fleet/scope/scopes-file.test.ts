import { expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { optionsBeforeClaims, readScopes } from "./scopes-file.ts";

const node = { cluster: "c", metadata: {} };

function entriesOf(text: string) {
  const result = readScopes("scopes.yaml", text);
  if ("problems" in result) {
    throw new Error(result.problems.join("\n"));
  }
  return result.entries;
}

test("the first entry that selects a proxy gives its options", () => {
  const entries = entriesOf(`
scopes:
  - labels: { istio: ingressgateway }
    options: { portMap: { 80: 8080, "gateway:443": 8443 }, meshPort: 0, target: native }
  - namespaces: ["team-*"]
    ids: ["*.a"]
    options: { meshListeners: true, outboundPolicy: REGISTRY_ONLY }
`);
  const of = (more: object) =>
    optionsBeforeClaims({ id: "p.a", ...node, ...more }, entries, DEFAULT_PROXY_OPTIONS);
  const edge = of({ labels: { istio: "ingressgateway", app: "x" } });
  expect(edge).toMatchObject({ meshPort: 0, target: "native", meshListeners: false });
  expect([...edge.portMap]).toEqual([
    [80, 8080],
    ["gateway:443", 8443],
  ]);
  expect(of({ labels: {}, namespace: "team-b" })).toMatchObject({
    meshListeners: true,
    outboundPolicy: "REGISTRY_ONLY",
    meshPort: 15001,
  });
  expect(of({ labels: {}, namespace: "other" })).toBe(DEFAULT_PROXY_OPTIONS);
});

test.each([
  ["scopes: [{ options: { target: fast } }]", /^scopes\.yaml:1:\d+: target: /],
  ["scopes: [{ options: { meshPort: 70000 } }]", /^scopes\.yaml:1:\d+: meshPort: "70000"/],
  ["scopes: [{ options: { portMap: { 80: x } } }]", /^scopes\.yaml:1:\d+: portMap: /],
  ["scopes: [{ options: { adminPort: 1 } }]", /adminPort/],
  ["scopes: [{ labels: { a: b } }]", /options/],
  ["scope: []", /scope/],
])("%s is refused at its place", (text, problem) => {
  const result = readScopes("scopes.yaml", text);
  expect("problems" in result && result.problems.join("\n")).toMatch(problem);
});
