/** Rules whose texts stand alone: one that is wrong keeps nothing else back, and what serves is what its good versions come to. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Report } from "./diagnostics/render/report.ts";
import type { RuleSnapshot } from "./fleet/model/rules.ts";
import {
  createWorkspace,
  type Diagnostic,
  printableIr,
  type RuleSource,
  type SourceFile,
  texts,
  type Workspace,
} from "./index.ts";

const object = (kind: string, name: string, spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: default\nspec: ${spec}\n`;
const entry = (name: string, address: string) =>
  object(
    "ServiceEntry",
    name,
    `{ hosts: [${name}.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: "${address}" }] }`,
  );
const GATEWAY = object(
  "Gateway",
  "edge",
  `{ selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }`,
);
const rule = (name: string, route: string, hosts = `${name}.example`) =>
  object("VirtualService", name, `{ hosts: [${hosts}], gateways: [edge], http: [${route}] }`);
const to = (host: string, weight = 1) =>
  `{ route: [{ destination: { host: ${host}.example }, weight: ${weight} }, { destination: { host: b.example }, weight: 1 }] }`;

class Objects implements RuleSource {
  readonly #files = new Map<string, SourceFile>();

  standsAlone(): boolean {
    return true;
  }

  set(path: string, text: string | undefined): this {
    if (text === undefined) {
      this.#files.delete(path);
    } else if (this.#files.get(path)?.text !== text) {
      this.#files.set(path, { path, text });
    }
    return this;
  }

  async read(): Promise<readonly SourceFile[]> {
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async watch() {
    return { close: async () => {} };
  }
}

/** As a fleet reads rules, for one proxy. */
async function settled(workspace: Workspace): Promise<RuleSnapshot> {
  const read = await workspace.snapshot();
  const judge = async (tried: RuleSnapshot): Promise<readonly Diagnostic[]> => {
    const { findings, compilation } = await tried.compile(workspace.options());
    return compilation === undefined && findings instanceof Report ? findings.errors : [];
  };
  return read.settle!(judge);
}

async function cold(files: readonly SourceFile[]) {
  const source = texts(Object.fromEntries(files.map(({ path, text }) => [path, text])));
  const { compilation, findings } = await createWorkspace({ source }).compile();
  expect(findings.summary.errors).toBe(0);
  return printableIr(compilation!.config);
}

const PATHS = ["a", "b", "edge", "x", "y", "z"];
/** What each object may be changed to; the ones with `wrong` are wrong by themselves, circles only together. */
const VERSIONS: Readonly<Record<string, readonly (string | undefined)[]>> = {
  a: [entry("a", "192.0.2.1"), entry("a", "192.0.2.2"), entry("a", "wrong"), undefined],
  b: [entry("b", "192.0.2.3"), entry("b", "192.0.2.4")],
  edge: [
    GATEWAY,
    GATEWAY.replace("number: 80,", "number: 8080,"),
    GATEWAY.replace("number: 80,", "number: 0,"),
    undefined,
  ],
  x: [
    rule("x", to("a")),
    rule("x", to("a", 3)),
    rule("x", to("a", -3)),
    rule("x", "{ delegate: { name: y } }"),
  ],
  y: [
    rule("y", to("b")),
    rule("y", "wrong"),
    rule("y", to("b"), ""),
    rule("y", "{ delegate: { name: x } }"),
    undefined,
  ],
  z: [rule("z", to("a")), "no: yaml: at: all", undefined],
};
const change = fc
  .constantFrom(...PATHS)
  .chain((path) => fc.constantFrom(...VERSIONS[path]!).map((text) => [path, text] as const));
const readings = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });

describe("whatever changes", () => {
  test("what serves is what a cold compilation of the good versions is, and the rest is current", async () => {
    await fc.assert(
      fc.asyncProperty(readings, async (all) => {
        const source = new Objects();
        for (const path of PATHS) {
          source.set(path, VERSIONS[path]![0]);
        }
        const ofOne = createWorkspace({ source });
        const ofFleet = createWorkspace({ source });
        for (const changes of all) {
          for (const [path, text] of changes) {
            source.set(path, text);
          }
          const current = new Map((await source.read()).map((file) => [file.path, file]));
          const { compilation, held } = await ofOne.compile();
          const snapshot = await settled(ofFleet);
          const told = await snapshot.compile(ofFleet.options());
          expect(printableIr(compilation!.config)).toEqual(await cold(compilation!.sources));
          expect(printableIr(told.compilation!.config)).toEqual(printableIr(compilation!.config));
          expect(snapshot.held.map(({ file }) => file)).toEqual(held.map(({ file }) => file));
          const heldPaths = new Set(held.map(({ file }) => file.path));
          const used = new Map(compilation!.sources.map((file) => [file.path, file]));
          for (const path of PATHS) {
            if (!heldPaths.has(path)) {
              expect(used.get(path)).toBe(current.get(path));
            }
          }
          for (const { findings } of held) {
            expect(findings.summary.errors).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: Number(process.env.SLUICE_CHANGES ?? 25) },
    );
  });
});

test("an error says of the object what holds of it, where it is wrong, and is gone when it is mended", async () => {
  const source = new Objects()
    .set("edge", GATEWAY)
    .set("b", entry("b", "192.0.2.3"))
    .set("x", rule("x", to("b")));
  const workspace = createWorkspace({ source });
  const before = await workspace.compile();
  expect(before.held).toEqual([]);
  source.set("x", rule("x", to("b", -1))).set("z", rule("z", "{ timeuot: 1s }"));
  const { held, compilation } = await workspace.compile();
  expect(held.map(({ file, holds }) => [file.path, holds])).toEqual([
    ["x", "at its last good version"],
    ["z", "left out"],
  ]);
  expect(held[1]!.findings.diagnostics[0]).toMatchObject({ code: "SL0104", file: "z" });
  expect(compilation!.sources).toEqual(before.compilation!.sources);
  source.set("x", rule("x", to("b", 2))).set("z", undefined);
  expect((await workspace.compile()).held).toEqual([]);
});

test("endpoints go on while an object is wrong, without being compiled", async () => {
  const source = new Objects()
    .set("edge", GATEWAY)
    .set("b", entry("b", "192.0.2.3"))
    .set("x", rule("x", to("b")));
  const workspace = createWorkspace({ source });
  const before = await settled(workspace);
  source.set("x", "no: yaml: at: all");
  const same = await settled(workspace);
  expect(same.revision).toBe(before.revision);
  source.set("b", entry("b", "192.0.2.9"));
  const after = await workspace.snapshot();
  expect([...after.endpointsSince(before)!.hosts]).toEqual(["b.example"]);
  // That version is the last good one from now on.
  source.set("b", entry("b", "wrong"));
  expect((await settled(workspace)).sources).toEqual(after.sources);
});

test("what a server before this one had is the last good version at a start", async () => {
  const good = [{ path: "x", text: rule("x", to("b")) }];
  const source = new Objects().set("edge", GATEWAY).set("x", rule("x", to("b", -1)));
  const workspace = createWorkspace({ source });
  workspace.remember(good);
  const { held, compilation } = await workspace.compile();
  expect(held.map(({ holds }) => holds)).toEqual(["at its last good version"]);
  expect(compilation!.sources.find(({ path }) => path === "x")!.text).toBe(good[0]!.text);
});

test("check says what is wrong, and nothing stands in for it", async () => {
  const workspace = createWorkspace({ source: new Objects().set("x", rule("x", to("b", -1))) });
  expect((await workspace.check()).hasErrors).toBe(true);
});
