/** Every wrong call says which option is wrong, what it may be, and what it got. */

import { expect, test } from "vitest";
import {
  check,
  compile,
  createWorkspace,
  diff,
  explain,
  files,
  formatDiagnostics,
  inspect,
  ListenerError,
  ProgramError,
  test as testRules,
  texts,
} from "./index.ts";

const source = texts({});
const RULES = texts({
  "a.yaml":
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: a }\nspec: { hosts: [a.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 192.0.2.1 }] }\n",
});

/** A caller in JavaScript, whom no types hold. */
const loose = (value: unknown) => value as never;

async function complaint(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  throw new Error("the call was taken");
}

test.each<[string, unknown]>([
  ["createWorkspace needs an object of options, got undefined", undefined],
  [
    'createWorkspace: source must be a RuleSource, such as files(["rules/"]), got "rules/"',
    { source: "rules/" },
  ],
  ["createWorkspace has no option sources; did you mean source?", { sources: [] }],
  ['createWorkspace: strict must be true or false, got "yes"', { source, strict: "yes" }],
  ["createWorkspace: progress must be an object with a method at, got {}", { source, progress: {} }],
  ["createWorkspace: proxies must be an object with at least one proxy, got {}", { source, proxies: {} }],
  ["createWorkspace: proxies.edge needs an object of options, got 80", { source, proxies: { edge: 80 } }],
])("%s", async (message, options) => {
  expect(await complaint(() => createWorkspace(loose(options)))).toBe(message);
});

test("an option of a proxy is named with its place in the call", async () => {
  const edge = (options: object) => () => createWorkspace({ source, proxies: { edge: loose(options) } });
  expect(await complaint(edge({ meshPort: "x" }))).toBe(
    'createWorkspace: proxies.edge.meshPort must be an integer from 0 to 65535, got "x"',
  );
  expect(await complaint(edge({ meshport: 1 }))).toBe(
    "createWorkspace: proxies.edge has no option meshport; did you mean meshPort?",
  );
});

test("one-shot calls name themselves", async () => {
  expect(await complaint(() => check({ source, proxy: loose({ adminPort: -1 }) }))).toBe(
    "check: proxy.adminPort must be an integer from 0 to 65535, got -1",
  );
  expect(await complaint(() => compile(loose({ source: ["rules/"] })))).toContain("compile: source must be");
  expect(await complaint(() => compile(loose({ source, rules: 1 })))).toContain(
    "compile has no option rules",
  );
  expect(await complaint(() => testRules(loose({ source })))).toContain("test: cases must be a RuleSource");
  expect(await complaint(() => diff(loose({ before: source })))).toContain(
    "diff: after must be a RuleSource",
  );
  expect(await complaint(() => inspect(loose("file")))).toBe(
    'inspect: blob must be a Uint8Array, got "file"',
  );
  expect(await complaint(() => formatDiagnostics(loose({ diagnostics: [] })))).toContain(
    "formatDiagnostics: findings",
  );
});

test("paths are given as a list", async () => {
  expect(await complaint(() => files(loose("rules/")))).toBe(
    'files: paths must be a list of strings, got "rules/"',
  );
});

test("a proxy must be one of the workspace's", async () => {
  const workspace = createWorkspace({ source, proxies: { edge: {}, mesh: {} } });
  expect(await complaint(() => workspace.compile("egde"))).toBe(
    'compile: proxy must be "edge" or "mesh", got "egde"',
  );
  expect(await complaint(() => workspace.compile())).toContain("got undefined");
});

test("a request must be one, and be for a listener that is there", async () => {
  const ask = (request: string, at?: string) =>
    explain({ source: RULES, request, ...(at !== undefined && { at }) });
  expect(await complaint(() => ask("GET"))).toContain('explain: request: "GET" is not');
  expect(await complaint(() => ask("GET http://a.example/", "gateway_80"))).toBe(
    'explain: at must be mesh, got "gateway_80"',
  );
  await expect(ask("GET http://a.example/", "gateway_80")).rejects.toMatchObject({
    reason: "unknown",
    listeners: ["mesh"],
  });
  await expect(ask("GET http://a.example/", "gateway_80")).rejects.toThrow(ListenerError);
});

test("what only an Envoy can be asked is not asked of the filter", async () => {
  const native = createWorkspace({ source: RULES, proxies: { edge: { target: "native" } } });
  expect(await complaint(() => native.explain("edge", "GET http://a.example/"))).toContain("target");
  expect(await complaint(() => native.test("edge", texts({})))).toContain("envoy must be true");
});

test("bytes that are no program are told so, and nothing else of them", () => {
  expect(() => inspect(new Uint8Array(3))).toThrow(ProgramError);
});
