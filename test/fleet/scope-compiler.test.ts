/** Scopes that are compiled in threads: what comes back is what this thread would have made, and is shared like it. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keyOf, resourcesOf } from "../../compiler/back/xds/resource-set.ts";
import { emitResources } from "../../compiler/back/xds/resources.ts";
import { Report } from "../../compiler/diagnostics/render/report.ts";
import type { SnapshotResult } from "../../compiler/fleet/model/rules.ts";
import { ScopeCompiler, workerProgram } from "../../compiler/fleet/scope/scope-compiler.ts";
import {
  createWorkspace,
  DEFAULT_PROXY_OPTIONS,
  fleetRules,
  formatDiagnostics,
  type ProxyOptions,
  printableIr,
  type RuleSource,
  type SourceFile,
} from "../../compiler/index.ts";
import { adsPlaces } from "../../compiler/run/delivery/ads/places.ts";
import { Authority, tlsSecret } from "../harness/authority.ts";

const PLACES = adsPlaces(Uint8Array.of(1));
const TEAMS = ["red", "blue"] as const;

const service = (name: string, namespace: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { clusterIP: None, ports: [{ name: http, port: 80 }] }
`;
const rule = (name: string, namespace: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  hosts: [${name}]
  http:
  - match: [{ uri: { prefix: /a }, sourceNamespace: red }]
    route: [{ destination: { host: ${name} } }]
    timeout: 3s
  - route: [{ destination: { host: ${name}, subset: none } }]
`;

let files: SourceFile[];
let folder: string;
let problems: string[];
let compiler: ScopeCompiler;

const rules = (source: Partial<RuleSource> = {}) =>
  fleetRules(
    createWorkspace({
      source: { read: async () => files, watch: async () => ({ close: async () => {} }), ...source },
    }),
  );
const proxyIn = (proxyNamespace: string): ProxyOptions => ({
  ...DEFAULT_PROXY_OPTIONS,
  proxyNamespace,
  allowUnenforced: true,
});

const started = (program: string, source?: Partial<RuleSource>) =>
  new ScopeCompiler({
    rules: rules(source),
    strict: false,
    quiet: false,
    onProblem: (line) => void problems.push(line),
    program,
    workers: 1,
  });

function told({ compilation }: SnapshotResult, options: ProxyOptions): string[] {
  const set = emitResources(compilation!.config, { ...options, blobs: compilation!.blobs, places: PLACES });
  return resourcesOf(set).map((resource) => `${keyOf(resource)} ${resource.version}`);
}

/** Where the rules of its routes stand. */
const placesOf = ({ compilation }: SnapshotResult) =>
  compilation!.config.listeners.flatMap(({ routes }) =>
    routes.virtualHosts.flatMap((host) =>
      host.routes.map(
        ({ origin }) => origin && `${origin.span.file.path} ${origin.span.start} ${origin.span.end}`,
      ),
    ),
  );

beforeEach(async () => {
  problems = [];
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-scopes-"));
  const authority = await Authority.create("authority");
  const pair = await authority.issue({ names: ["shop.example"] });
  const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: red }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*"], tls: { mode: SIMPLE, credentialName: edge } }]
`;
  files = [
    ...TEAMS.flatMap((team) => ["cart", "pay"].map((name) => rule(name, team))),
    ...TEAMS.flatMap((team) => ["cart", "pay"].map((name) => service(name, team))),
    gateway,
    ...TEAMS.map((team) => tlsSecret("edge", pair, undefined, team)),
  ].map((text, i) => ({ path: `${i}.yaml`, text }));
});

afterEach(async () => {
  await compiler.close();
  await rm(folder, { recursive: true });
});

test("threads make what this thread makes, with its findings, and scopes share what they have in common", async () => {
  compiler = started(workerProgram()!);
  const [threads, here] = [await compiler.read(), await rules().read()];
  const results: SnapshotResult[] = [];
  for (const team of TEAMS) {
    const { options } = threads.scopeOf(proxyIn(team));
    const [result, own] = [await threads.compile(options), await here.compile(options)];
    expect(formatDiagnostics(result.findings)).toBe(formatDiagnostics(own.findings));
    expect(told(result, options)).toEqual(told(own, options));
    expect(printableIr(result.compilation!.config)).toEqual(printableIr(own.compilation!.config));
    expect(placesOf(result)).toEqual(placesOf(own));
    results.push(result);
  }
  const clusters = results.map(({ compilation }) => compilation!.config.clusters);
  expect(clusters[0]!.find(({ name }) => name.includes("pay.red"))).toBe(
    clusters[1]!.find(({ name }) => name.includes("pay.red")),
  );

  // A change of one text: what it does not touch is still the same.
  files = files.with(0, { path: "0.yaml", text: rule("cart", "red").replace("3s", "4s") });
  const after = await compiler.read();
  const { options } = after.scopeOf(proxyIn("red"));
  const changed = await after.compile(options);
  expect(told(changed, options)).toEqual(told(await (await rules().read()).compile(options), options));
  expect(changed.compilation!.config.clusters.find(({ name }) => name.includes("pay.red"))).toBe(
    clusters[0]!.find(({ name }) => name.includes("pay.red")),
  );
  // The older state is asked again, as when it is gone back to.
  expect(told(await threads.compile(options), options)).toEqual(told(results[0]!, options));
});

test("rules that are wrong for a scope are told, and no others", async () => {
  compiler = started(workerProgram()!);
  const snapshot = await compiler.read();
  const refused = await snapshot.compile(snapshot.scopeOf(proxyIn("green")).options);
  expect(refused.compilation).toBeUndefined();
  expect(refused.findings.diagnostics.map(({ code }) => code)).toContain("SL0440");
  expect((await snapshot.compile(snapshot.scopeOf(proxyIn("red")).options)).compilation).toBeDefined();
});

test("a thread that dies is said and replaced, and what it was asked is answered", async () => {
  const program = path.join(folder, "dies-once.mjs");
  await writeFile(
    program,
    `import { existsSync, writeFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
const mark = ${JSON.stringify(path.join(folder, "died"))};
if (existsSync(mark)) {
  await import(${JSON.stringify(workerProgram())});
} else {
  writeFileSync(mark, "");
  parentPort.on("message", () => process.exit(3));
}
`,
  );
  compiler = started(program);
  const snapshot = await compiler.read();
  const { options } = snapshot.scopeOf(proxyIn("red"));
  expect((await snapshot.compile(options)).compilation).toBeDefined();
  expect(problems).toEqual(["a thread that compiles died: it ended with code 3; another takes its place"]);
});

test("what the source lacks is an error in threads, too", async () => {
  const read: RuleSource["read"] = async (sink) => {
    sink.report({ code: "SL0001", level: "error", message: "b.yaml cannot be read" });
    return files;
  };
  compiler = started(workerProgram()!, { read });
  const snapshot = await compiler.read();
  const { findings, compilation } = await snapshot.compile(snapshot.scopeOf(proxyIn("red")).options);
  expect(compilation).toBeUndefined();
  expect(findings.diagnostics.map(({ code }) => code)).toContain("SL0001");
});

test("an object that is wrong is left out of what threads make, and what was tried is not made again", async () => {
  compiler = started(workerProgram()!, { standsAlone: () => true });
  files = [...files, { path: "wrong.yaml", text: rule("wrong", "red").replace("timeout", "timeuot") }];
  const read = await compiler.read();
  const { options } = read.scopeOf(proxyIn("red"));
  const made: SnapshotResult[] = [];
  const settled = await read.settle!(async (tried) => {
    const result = await tried.compile(options);
    made.push(result);
    return result.findings instanceof Report ? result.findings.errors : [];
  });
  expect(settled.held.map(({ file, holds }) => [file.path, holds])).toEqual([["wrong.yaml", "left out"]]);
  const result = await settled.compile(options);
  expect(made).toContain(result);
  expect(result.compilation!.sources).toEqual(files.slice(0, -1));
});

test("a question that no thread survives fails", async () => {
  const program = path.join(folder, "dies.mjs");
  await writeFile(
    program,
    'import { parentPort } from "node:worker_threads";\nparentPort.on("message", () => process.exit(3));\n',
  );
  compiler = started(program);
  const snapshot = await compiler.read();
  await expect(snapshot.compile(snapshot.scopeOf(proxyIn("red")).options)).rejects.toThrow(
    "it ended with code 3",
  );
  expect(problems).toHaveLength(2);
});
