import { expect, test } from "vitest";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { positionAt } from "../../diagnostics/position.ts";
import { loadResources } from "./model.ts";
import { lastOfEach } from "./repeated.ts";

function load(...texts: readonly string[]) {
  const found: Diagnostic[] = [];
  const files = texts.map((text, i) => ({ path: `${i + 1}.yaml`, text }));
  const sink = { report: (one: Diagnostic) => void found.push(one) };
  return { set: lastOfEach(loadResources(files, sink), sink), found };
}

const service = (fields: string, port = 80) =>
  `apiVersion: v1\nkind: Service\nmetadata: {${fields}}\nspec: {ports: [{port: ${port}}]}\n`;

const place = ({ span }: Pick<Diagnostic, "span">) =>
  `${span!.file.path}:${positionAt(span!.file, span!.start).line}`;

test("of a name that is given twice the last is kept, and both places are told", () => {
  const { set, found } = load(
    `${service("name: web", 80)}---\n${service("name: cart")}`,
    service("name: web", 8080),
  );
  expect(set.services.map(({ name, spec }) => [name, spec.ports?.[0]?.port])).toEqual([
    ["cart", 80],
    ["web", 8080],
  ]);
  expect(found).toMatchObject([{ code: "SL0010", level: "warning" }]);
  expect([place(found[0]!), found[0]!.related!.map(place)]).toEqual(["2.yaml:3", ["1.yaml:3"]]);
  expect(found[0]!.message).toContain("Service default/web is given twice");
});

test("three times is one finding, with all the places", () => {
  const { set, found } = load(...[1, 2, 3].map((port) => service("name: web", port)));
  expect(set.services.map(({ spec }) => spec.ports?.[0]?.port)).toEqual([3]);
  expect(found.map(({ code, related }) => [code, related!.map(place)])).toEqual([
    ["SL0010", ["1.yaml:3", "2.yaml:3"]],
  ]);
});

test("copies are only noted, whatever the API server wrote into them", () => {
  const { set, found } = load(
    service('name: web, resourceVersion: "1"'),
    service('name: web, resourceVersion: "2", uid: abc'),
  );
  expect(set.services).toHaveLength(1);
  expect(found).toMatchObject([{ code: "SL0011", level: "info" }]);
});

test("the default namespace and the versions of a kind are no difference", () => {
  const rule = (version: string, namespace: string, status: number) =>
    `apiVersion: networking.istio.io/${version}\nkind: VirtualService\nmetadata: {name: shop${namespace}}\n` +
    `spec: {hosts: [shop.example], http: [{directResponse: {status: ${status}}}]}\n`;
  const { set, found } = load(
    rule("v1", "", 201),
    rule("v1beta1", ", namespace: default", 202),
    rule("v1alpha3", ', namespace: ""', 203),
    rule("v1", ", namespace: other", 204),
  );
  expect(set.virtualServices.map(({ spec }) => spec.http![0]!.directResponse!.status)).toEqual([203, 204]);
  expect(found.map(({ code }) => code)).toEqual(["SL0010"]);
});

test.each([
  ["other kinds", service("name: web"), service("name: web").replace("Service", "Pod")],
  ["other namespaces", service("name: web, namespace: a"), service("name: web, namespace: b")],
  ["names that the API server makes", service("generateName: web-"), service("generateName: web-")],
  [
    "kinds of other groups",
    "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: web}\nspec: {}\n",
    "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: web}\nspec: {servers: []}\n",
  ],
])("%s are other objects", (_, one, other) => {
  const { set, found } = load(one, other);
  const count = set.services.length + set.pods.length + set.gateways.length + set.neighbours.length;
  expect(count).toBe(2);
  expect(found.filter(({ code }) => code.startsWith("SL001"))).toEqual([]);
});

test("a node has no namespace", () => {
  const node = (fields: string) => `apiVersion: v1\nkind: Node\nmetadata: {name: n1${fields}}\n`;
  const { set, found } = load(node(""), node(", namespace: a, labels: {zone: b}"));
  expect(set.nodes).toHaveLength(1);
  expect(found[0]!.message).toContain("Node n1 is given twice");
});

test("items of a list count like documents", () => {
  const item = (port: number) =>
    `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"port":${port}}]}}`;
  const { set, found } = load(`{"apiVersion":"v1","kind":"List","items":[${item(1)},\n${item(2)}]}`);
  expect(set.services.map(({ spec }) => spec.ports?.[0]?.port)).toEqual([2]);
  expect([place(found[0]!), found[0]!.related!.map(place)]).toEqual(["1.yaml:2", ["1.yaml:1"]]);
});
