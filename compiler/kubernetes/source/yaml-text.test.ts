import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDocuments } from "../../source/parse.ts";
import { yamlText } from "./yaml-text.ts";

function read(text: string): unknown {
  const problems: string[] = [];
  const documents = parseDocuments(
    { path: "kubernetes://a/B/c", text },
    { report: ({ message }) => void problems.push(message) },
  );
  expect(problems).toEqual([]);
  return documents[0]?.value;
}

const word = fc.constantFrom(
  "on",
  "y",
  "~",
  "1",
  "1:30",
  "0x1f",
  "1e3",
  "-",
  "- a",
  "a: b",
  "#",
  "a #b",
  "*.example",
  "---",
  "null",
  ".",
  "e2",
  "__proto__",
  "10.0.0.1",
  "{{x}}",
  " a",
  "a ",
  "a\nb",
  "a\n",
  "\n",
  "a\n\n",
  "a\n---\nb",
  "a\n b\n",
  "\ttab\nx",
  "é",
  "\u2028",
  "\u{1f600}",
  "\u0085",
  "\ufeff",
  "'",
  '"',
  "\\",
);
const text = fc.oneof(
  word,
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.array(word).map((all) => all.join("")),
);
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(text, tie("value"), { maxKeys: 4 }),
  ),
}));

describe("an object as YAML", () => {
  test("says what it said", () => {
    fc.assert(
      fc.property(fc.dictionary(text, anything, { minKeys: 1, maxKeys: 4 }), (object) => {
        expect(read(yamlText(object))).toEqual(JSON.parse(JSON.stringify(object)));
      }),
      { numRuns: Number(process.env.SLUICE_CHANGES ?? 200) },
    );
  });

  test("looks as kubectl prints it", () => {
    const text = yamlText({
      spec: {
        hosts: ["web", "*.shop.example"],
        http: [
          {
            route: [{ destination: { host: "web" }, weight: 90 }],
            directResponse: { status: 200, body: { string: "one\ntwo\n" } },
          },
        ],
        gateways: [],
        empty: {},
      },
      metadata: { name: "web", namespace: "shop", creationTimestamp: "2026-11-29T22:00:00Z" },
      kind: "VirtualService",
      apiVersion: "networking.istio.io/v1",
    });
    expect(text).toBe(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  creationTimestamp: "2026-11-29T22:00:00Z"
  name: web
  namespace: shop
spec:
  empty: {}
  gateways: []
  hosts:
  - web
  - "*.shop.example"
  http:
  - directResponse:
      body:
        string: |
          one
          two
      status: 200
    route:
    - destination:
        host: web
      weight: 90
`);
  });

  test("that is nested too deeply is as deep as no reader takes, and no deeper", () => {
    let deep: unknown = "end";
    for (let i = 0; i < 5_000; i++) {
      deep = i % 2 === 0 ? [deep] : { a: deep };
    }
    const text = yamlText({ spec: deep });
    expect(text.length).toBeLessThan(50_000);
    const codes: string[] = [];
    parseDocuments({ path: "kubernetes://a/B/c", text }, { report: ({ code }) => void codes.push(code) });
    expect(codes).toEqual(["SL0006"]);
  });
});
