/** A compilation in a workspace that has compiled before gives what one in a fresh process gives, whatever was changed. */

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { thoroughly } from "../test/harness/thorough.ts";
import type { Workspace } from "./index.ts";
import { DEFAULT_PROXY_OPTIONS } from "./options.ts";
import { bytesOf } from "./run/delivery/output-files.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-compile-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: ["*"]
`;
const service = (name: string, port: number) => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  ports: [{name: http, port: ${port}}]
`;
const rules = (i: number) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: rules-${i}}
spec:
  hosts: [a-${i}.example.com, shared.example.com]
  gateways: [edge, mesh]
  http:
    - match:
        - uri: {prefix: /api/${i}/}
        - headers: {x-user: {exact: "${i}"}}
      route:
        - destination: {host: reviews, subset: v1}
          weight: 70
        - destination: {host: ratings}
          weight: 30
    - match: [{uri: {regex: "/r/[a-z]+/${i}"}}]
      timeout: 3s
      route: [{destination: {host: ratings, port: {number: 9080}}}]
`;
const DESTINATION_RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets: [{name: v1, labels: {version: v1}}]
`;

const ROOT = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root}
spec:
  hosts: [root.example.com]
  gateways: [edge]
  http: [{match: [{uri: {prefix: /leaf}}], delegate: {name: leaf}}]
`;
const LEAF = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: leaf, annotations: {sluice.dev/sticky: source-ip}}
spec:
  http:
    - match: [{uri: {prefix: /leaf/a}}]
      fault: {abort: {httpStatus: 503, percentage: {value: 1}}}
      route: [{destination: {host: reviews}, weight: 1}, {destination: {host: ratings}, weight: 1}]
`;

const FILES: Readonly<Record<string, string>> = {
  "gateway.yaml": GATEWAY,
  "services.yaml": [service("reviews", 9080), service("ratings", 9080), DESTINATION_RULE].join("---\n"),
  "rules-a.yaml": [rules(1), rules(2)].join("---\n"),
  "rules-b.yaml": [rules(3), ROOT].join("---\n"),
  "rules-c.yaml": LEAF,
};

/** Words that change what a document means, or whether it means anything. */
const SWAPS = [
  ["reviews", "ratings"],
  ["ratings", "nobody"],
  ["9080", "8080"],
  ["v1", "v2"],
  ["shared", "other"],
  ["70", "-1"],
  ["prefix", "exact"],
  ["exact", "wrong"],
  ["[a-z]", "["],
  ["edge", "nowhere"],
  ["name:", "name: # why"],
  ["3s", "3"],
  ["Service", "Pod"],
  ["\n", "\n\n"],
  ["mesh", "edge"],
  ["spec:", "spec: # {"],
  ["---\n", "---\n---\n"],
  ["{", '{ "a": b, '],
  ["kind", "Kind"],
  ["sticky: source-ip", "fault-scope: upstream"],
  ["/leaf/a", "/leaf"],
  ["shared.example.com", "SHARED.example.com"],
  ["http:", "http: null\n  tcp:"],
] as const;

/** A workspace, in a process that has or has not compiled before. */
interface Compiler {
  readonly workspace: Workspace;
  readonly emitBuild: typeof import("./index.ts").emitBuild;
}

/** All that a compilation gives, as text. */
async function outcome({ workspace, emitBuild }: Compiler): Promise<unknown> {
  const { findings, compilation } = await workspace.compile();
  const files = compilation && (await emitBuild(compilation, DEFAULT_PROXY_OPTIONS, "/out"));
  return {
    diagnostics: findings.diagnostics,
    config: compilation?.config && JSON.stringify(compilation.config, withSpans),
    files:
      files &&
      [...files].map(([name, contents]) => [name, Buffer.from(bytesOf(contents)).toString("base64")]),
  };
}

/** Positions are found when they are asked for, and are not in the JSON otherwise. */
function withSpans(key: string, value: unknown): unknown {
  if (key !== "span" || typeof value !== "object" || value === null) {
    return value;
  }
  const { file, start, end } = value as { file: { path: string }; start: number; end: number };
  return [file.path, start, end];
}

async function freshCompiler(): Promise<Compiler> {
  vi.resetModules();
  const { createWorkspace, emitBuild, files } = await import("./index.ts");
  return { workspace: createWorkspace({ source: files([path.join(folder, "rules")]) }), emitBuild };
}

test("after any changes, a warm compiler gives what a cold one gives", async () => {
  const warm = await freshCompiler();
  const directory = path.join(folder, "rules");
  const names = Object.keys(FILES);
  const change = fc.record({
    file: fc.nat(names.length - 1),
    swap: fc.nat(SWAPS.length - 1),
    at: fc.nat(12),
    how: fc.constantFrom("swap", "swap", "swap", "swap back", "restore", "restore", "remove", "double"),
  });
  let built = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
      const now = new Map(Object.entries(FILES));
      for (const { file, swap, at, how } of changes) {
        const name = names[file]!;
        const text = now.get(name) ?? "";
        const [from, to] = how === "swap back" ? [...SWAPS[swap]!].reverse() : SWAPS[swap]!;
        if (how === "remove") {
          now.delete(name);
        } else if (how === "restore") {
          now.set(name, FILES[name]!);
        } else if (how === "double") {
          now.set(name, `${text}---\n${text}`);
        } else {
          now.set(name, swapAt(text, from!, to!, at));
        }
        rmSync(directory, { recursive: true, force: true });
        mkdirSync(directory, { recursive: true });
        for (const [name, text] of now) {
          writeFileSync(path.join(directory, name), text);
        }
        const after = await outcome(warm);
        expect(after).toEqual(await outcome(await freshCompiler()));
        built += (after as { files?: unknown }).files === undefined ? 0 : 1;
      }
    }),
    { numRuns: thoroughly(5) },
  );
  expect(built).toBeGreaterThan(1);
}, 600_000);

function swapAt(text: string, from: string, to: string, at: number): string {
  const parts = text.split(from);
  if (parts.length === 1) {
    return text;
  }
  const cut = 1 + (at % (parts.length - 1));
  return parts.slice(0, cut).join(from) + to + parts.slice(cut).join(from);
}

test("a file that is changed in place is read again, also when its size and its time of change stay", async () => {
  const warm = await freshCompiler();
  const directory = path.join(folder, "rules");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) {
    writeFileSync(path.join(directory, name), text);
  }
  const file = path.join(directory, "rules-b.yaml");
  const old = new Date(Date.now() - 60_000);
  utimesSync(file, old, old);
  // Long enough for the first reading to be trusted later.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const first = await outcome(warm);
  expect(await outcome(warm)).toEqual(first);
  writeFileSync(file, FILES["rules-b.yaml"]!.replace("/api/3/", "/api/9/"));
  utimesSync(file, old, old);
  expect(await outcome(warm)).not.toEqual(first);
});

test("no position is looked for until somebody asks: that would parse the text again", async () => {
  const { createWorkspace, files } = await import("./index.ts");
  const { parseDocuments } = await import("./source/parse.ts");
  // A finding is at a position.
  const fine = rules(1)
    .replaceAll("reviews", "ratings")
    .replaceAll(", subset: v1", "")
    .replaceAll("host: ratings}", "host: ratings, port: {number: 9080}}");
  const directory = mkdtempSync(path.join(folder, "positions-"));
  writeFileSync(path.join(directory, "all.yaml"), [GATEWAY, service("ratings", 9080), fine].join("---\n"));
  const workspace = createWorkspace({ source: files([directory]) });
  const [document] = parseDocuments({ path: "a.yaml", text: "a: 1\n" }, { report() {} });
  const start = vi.spyOn(Object.getPrototypeOf(document!.span), "start", "get");
  try {
    for (let i = 0; i < 2; i++) {
      const { compilation, findings } = await workspace.compile();
      expect(compilation).toBeDefined();
      expect(findings.diagnostics).toEqual([]);
    }
    expect(start).not.toHaveBeenCalled();
    expect(document!.span.start).toBe(0);
    expect(start).toHaveBeenCalled();
  } finally {
    start.mockRestore();
  }
});
