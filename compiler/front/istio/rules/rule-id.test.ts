import { expect, test } from "vitest";
import { lower, serviceYaml, virtualServiceYaml } from "../testing.ts";

const ROUTE = "route: [{ destination: { host: reviews } }]";

function idsOf(http: string): (string | undefined)[] {
  const { config } = lower(`${serviceYaml("reviews", 80)}${virtualServiceYaml("shop", "reviews", http)}`);
  const { virtualHosts } = config.listeners.find(({ name }) => name === "mesh")!.routes;
  return virtualHosts
    .find(({ domains }) => domains.includes("reviews"))!
    .routes.map(({ origin }) => origin?.id);
}

test("a rule is called by its name, or by its number", () => {
  const http = `    - { name: canary, match: [{ uri: { prefix: /a } }], ${ROUTE} }
    - { match: [{ uri: { prefix: /b } }, { uri: { prefix: /c } }], ${ROUTE} }
    - { ${ROUTE} }\n`;
  expect(idsOf(http)).toEqual([
    "default/shop#canary",
    "default/shop#2.1",
    "default/shop#2.2",
    "default/shop#3",
  ]);
});

test("a name that two rules have tells neither", () => {
  const http = `    - { name: a, match: [{ uri: { prefix: /a } }], ${ROUTE} }
    - { name: a, match: [{ uri: { prefix: /b } }], ${ROUTE} }
    - { name: last, ${ROUTE} }\n`;
  expect(idsOf(http)).toEqual(["default/shop#1", "default/shop#2", "default/shop#last"]);
});

test("a rule with a name keeps its id when another is put before it", () => {
  const last = `    - { name: last, ${ROUTE} }\n`;
  const first = `    - { match: [{ uri: { prefix: /a } }], ${ROUTE} }\n`;
  expect(idsOf(first + last).at(-1)).toBe(idsOf(last)[0]);
});

test("one of several matches is called by its name, or by its number", () => {
  const http = `    - name: "2"
      match: [{ uri: { prefix: /a }, name: two }, { uri: { prefix: /b } }, { uri: { prefix: /c }, name: "2" }]
      ${ROUTE}
    - { name: one, match: [{ uri: { prefix: /d }, name: alone }], ${ROUTE} }\n`;
  expect(idsOf(http)).toEqual([
    "default/shop#1.two",
    "default/shop#1.2",
    "default/shop#1.3",
    "default/shop#one",
  ]);
});
