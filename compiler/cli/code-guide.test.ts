/** Every code's explanation holds: its wrong example is found to be wrong by that code, and its right one is not. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import picocolors from "picocolors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIAGNOSTIC_CODES, type DiagnosticCode, istioCodes, LEVEL_WORDS } from "../diagnostics/codes.ts";
import { EXPLANATIONS, type Place } from "../diagnostics/guide/index.ts";
import { explainCodes } from "./code-guide.ts";
import { runCommandLine } from "./commands.ts";
import { Terminal } from "./terminal.ts";

const CODES = Object.keys(DIAGNOSTIC_CODES) as DiagnosticCode[];
const PLAIN = picocolors.createColors(false);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-explain-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What examples speak of. */
const SERVICES = ["shop", "cart", "many"].map(
  (name) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example]
  ports: [{ number: 80, name: http, protocol: HTTP }${name === "many" ? ", { number: 8080, name: http-more, protocol: HTTP }" : ""}]
  resolution: STATIC
  endpoints:
  - { address: 192.0.2.1, labels: { version: v1 } }
  - { address: 192.0.2.2, labels: { version: v2 } }
`,
);
const OTHER_DATABASE = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: another }
spec:
  hosts: [another.example]
  ports: [{ number: 5432, name: tcp, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.9 }]
`;
/** What it is asked for, it looks up. */
const OPEN = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: open }
spec:
  hosts: [open.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: NONE
`;
const SUBSETS = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: subsets }
spec: { host: shop.example, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }] }
`;
const EDGE = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*.example"] }]
`;
const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: [shop.example]
  http:
  - match: [{ uri: { prefix: /cart/ } }]
    route: [{ destination: { host: cart.example } }]
  - route: [{ destination: { host: shop.example, port: { number: 80 } } }]
`;

const resource = (kind: string, spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: example }\nspec:\n${indented(spec, 2)}\n`;
const indented = (text: string, by: number) => text.replace(/^/gm, " ".repeat(by));
/** Fields that the example does not speak of, but that must be there. */
const completed = (text: string, fields: Readonly<Record<string, string>>) =>
  [
    text,
    ...Object.entries(fields).flatMap(([name, value]) =>
      new RegExp(`^(${name}):`, "m").test(text) ? [] : [`${name.split("|")[0]}: ${value}`],
    ),
  ].join("\n");

const DOCUMENTS: Readonly<Partial<Record<Place, (text: string) => readonly string[]>>> = {
  file: (text) => [text, ...SERVICES, SUBSETS, EDGE],
  VirtualService: (text) => [resource("VirtualService", text), ...SERVICES, SUBSETS, EDGE],
  "http rule": (text) => {
    const rule = completed(text, {
      "route|redirect|directResponse|delegate": "[{ destination: { host: shop.example } }]",
    });
    const spec = `hosts: [shop.example]\nhttp:\n-\n${indented(rule, 2)}`;
    return [resource("VirtualService", spec), ...SERVICES, SUBSETS, EDGE];
  },
  DestinationRule: (text) => [
    resource("DestinationRule", completed(text, { host: "cart.example" })),
    ...SERVICES,
    RULES,
  ],
  ServiceEntry: (text) => [
    resource(
      "ServiceEntry",
      completed(text, {
        hosts: "[api.example]",
        ports: "[{ number: 80, name: http, protocol: HTTP }]",
        resolution: "STATIC",
      }),
    ),
    ...SERVICES,
  ],
  Sidecar: (text) => [resource("Sidecar", text)],
  Gateway: (text) => [
    resource(
      "Gateway",
      completed(text, {
        selector: "{ istio: ingressgateway }",
        servers: '[{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]',
      }),
    ),
  ],
  "server of a Gateway": (text) => {
    const server = completed(text, {
      port: "{ number: 80, name: http, protocol: HTTP }",
      hosts: "[shop.example]",
    });
    return [resource("Gateway", `selector: { istio: ingressgateway }\nservers:\n-\n${indented(server, 2)}`)];
  },
};

/** A sidecar has listeners of its own for ports of TCP. */
const FLAGS: Readonly<Partial<Record<Place, readonly string[]>>> = { ServiceEntry: ["--mesh-listeners"] };

/** What one example needs beside what all have. */
const MORE: Readonly<Partial<Record<DiagnosticCode, string>>> = {
  SL0444: OTHER_DATABASE,
  SL0976: SERVICES[0]!,
  SL0977: [SERVICES[0], OTHER_DATABASE, OPEN].join("---\n"),
};

async function found(
  code: DiagnosticCode,
  place: Place,
  text: string,
): Promise<{ code: string; level: string }[]> {
  const rules = path.join(folder, "rules.yaml");
  let said = "";
  const stream = {
    write: (more: string) => {
      said += more;
    },
  };
  const terminal = new Terminal(stream, stream);
  if (place === "check of a case file") {
    const cases = path.join(folder, "cases.yaml");
    writeFileSync(rules, [...SERVICES, SUBSETS, EDGE, RULES].join("---\n"));
    writeFileSync(cases, `name: example\nchecks:\n-\n${indented(text, 2)}\n`);
    await runCommandLine(["test", rules, "--cases", cases, "--format", "json"], terminal);
  } else {
    writeFileSync(rules, [...DOCUMENTS[place]!(text), MORE[code] ?? ""].join("\n---\n"));
    await runCommandLine(["check", rules, ...(FLAGS[place] ?? []), "--format", "json"], terminal);
  }
  return JSON.parse(said).diagnostics;
}

/** Those whose examples are no YAML: they need files of a certain kind, or are about the call. */
const IN_WORDS: readonly DiagnosticCode[] = [
  ...(["SL0001", "SL0002", "SL0003", "SL0004", "SL0009", "SL0601"] as const),
  ...(["SL0012", "SL0013", "SL0014", "SL0015", "SL0018", "SL0019", "SL0025"] as const),
  ...(["SL0241", "SL0242", "SL0280", "SL0423", "SL0424", "SL0425", "SL0440", "SL0441"] as const),
  ...(["SL0442", "SL0445", "SL0941", "SL0945", "SL0963"] as const),
];

describe.each(CODES)("%s", (code) => {
  const { why, example } = EXPLANATIONS[code];

  test("is explained", () => {
    const text = explainCodes(code, "text", PLAIN);
    for (const part of [code, LEVEL_WORDS[DIAGNOSTIC_CODES[code].level], DIAGNOSTIC_CODES[code].title, why]) {
      expect(text).toContain(part);
    }
    for (const istio of istioCodes(code)) {
      expect(text).toContain(istio);
    }
    for (const side of [example.wrong, example.right]) {
      expect(text).toContain(side.split("\n")[0]);
    }
    expect(example.wrong).not.toBe(example.right);
    expect(IN_WORDS.includes(code)).toBe(example.in === "call" || example.in === "sketch");
  });

  if (IN_WORDS.includes(code)) {
    return;
  }

  test("is said of the wrong example, and not of the right one", async () => {
    const wrong = await found(code, example.in, example.wrong);
    expect(wrong.map((diagnostic) => diagnostic.code)).toContain(code);
    const right = await found(code, example.in, example.right);
    expect(right.map((diagnostic) => diagnostic.code)).not.toContain(code);
    expect(right.filter(({ level }) => level === "error")).toEqual([]);
  });
});

test("all codes are listed, and are data for other programs", () => {
  expect(explainCodes("all", "text", PLAIN).trim().split("\n")).toHaveLength(CODES.length);
  const data = JSON.parse(explainCodes("all", "json", PLAIN));
  expect(data.map(({ code }: { code: string }) => code)).toEqual(CODES);
  const [one] = JSON.parse(explainCodes("sl0271", "json", PLAIN));
  expect(one).toMatchObject({ code: "SL0271", level: "warning", istio: ["IST0131"], ...EXPLANATIONS.SL0271 });
});
