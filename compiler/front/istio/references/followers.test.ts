/** One error is one finding: what only follows from it is not told. */

import { expect, test } from "vitest";
import { understand } from "../../../compile.ts";
import type { Diagnostic } from "../../../diagnostics/diagnostic.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../../options.ts";

function codes(text: string): string[] {
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => void found.push(diagnostic) };
  const none = [undefined, undefined] as const;
  understand([{ path: "rules.yaml", text }], DEFAULT_PROXY_OPTIONS, "answer", sink, ...none, "ofEveryone");
  return found.filter(({ level }) => level !== "info").map(({ code }) => code);
}

const istio = (kind: string, name: string, spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n---\n`;
const RULES = istio(
  "VirtualService",
  "clock",
  "{ hosts: [clock.test], gateways: [door, mesh], http: [{ match: [{ uri: { prefix: /d/ } }], delegate: { name: dial } }, { route: [{ destination: { host: clock.test, subset: old, port: { number: 90 } } }] }] }",
);
const DELEGATE = istio("VirtualService", "dial", "{ http: [{ directResponse: { status: 200 } }] }");
const DOOR = istio(
  "Gateway",
  "door",
  '{ selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }',
);
const ENTRY = istio(
  "ServiceEntry",
  "clock",
  "{ hosts: [clock.test], ports: [{ number: 90, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 192.0.2.5, labels: { v: old } }] }",
);
const POLICY = istio(
  "DestinationRule",
  "clock",
  "{ host: clock.test, subsets: [{ name: old, labels: { v: old } }] }",
);
const ALL = [RULES, DELEGATE, DOOR, ENTRY, POLICY];

test("without the resource itself, what it leaves open is told", () => {
  expect(codes(ALL.join(""))).toEqual([]);
  const without = (one: string) => codes(ALL.filter((other) => other !== one).join(""));
  expect(new Set(without(DOOR))).toEqual(new Set(["SL0404"]));
  expect(new Set(without(ENTRY))).toEqual(new Set(["SL0401", "SL0406"]));
  expect(new Set(without(POLICY))).toEqual(new Set(["SL0403"]));
  expect(new Set(without(DELEGATE))).toEqual(new Set(["SL0411"]));
});

test.each([
  ["a Gateway", DOOR.replace("selector", "selectr"), "SL0104"],
  ["a Gateway of a version that does not exist", DOOR.replace("io/v1", "io/v9"), "SL0103"],
  ["a Gateway whose kind is misspelt", DOOR.replace("kind: Gateway", "kind: Gatway"), "SL0102"],
  ["a ServiceEntry", ENTRY.replace("resolution", "resolutoin"), "SL0104"],
  ["a DestinationRule", POLICY.replace("subsets", "subset"), "SL0104"],
  ["a delegate", DELEGATE.replace("directResponse", "directResponze"), "SL0104"],
  ["a text that is no YAML", "a: [\n---\n", "SL0005"],
])("%s that is refused is told of once", (_what, refused, code) => {
  const kinds = ["Gat", "ServiceEntry", "DestinationRule", "dial"];
  const kind = kinds.find((one) => refused.includes(`kind: ${one}`) || refused.includes(`name: ${one}`));
  const others = ALL.filter(
    (one) => kind === undefined || !(one.includes(`kind: ${kind}`) || one.includes(`name: ${kind} `)),
  );
  const found = codes((kind === undefined ? RULES : others.join("")) + refused);
  expect(new Set(found)).toEqual(new Set([code]));
});

test("what is not refused is told of all the same", () => {
  const broken = ENTRY.replace("resolution", "resolutoin").replaceAll("clock", "watch");
  expect(codes(RULES + DELEGATE + DOOR + broken)).toContain("SL0401");
});
