/** The examples as a reader meets them: each runs by itself in a real Envoy, and its rules and cases are right. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { callProblem } from "../../scripts/docs/call-problem.ts";
import { wordsOf } from "../../scripts/docs/shown-command.ts";
import { makeCertificates } from "../../scripts/example/certificates.ts";
import { listExamples } from "../../scripts/example/example-file.ts";
import { sluiceHere } from "../harness/sluice-here.ts";
import { workflowParserOf } from "./action/parser.ts";

const ROOT = packageRoot().directory;
const EXAMPLES = path.join(ROOT, "envoy", "examples");
const ALL = await listExamples();
/** The others print a command of another program. */
const RUN = ALL.filter(({ command }) => command === undefined);

let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(path.join(os.tmpdir(), "sluice-examples-test-"));
});

afterEach(() => rm(temporary, { recursive: true, force: true }));

/** What it makes for a time goes into our own folder, so that what it leaves is seen. */
function example(args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(ROOT, "dist", "example.js"), ...args], {
      cwd: ROOT,
      env: { ...process.env, TMPDIR: temporary, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

/** What the proxy of an example is, as flags. */
async function flagsOf(name: string): Promise<string[]> {
  const { portMap, secrets } = ALL.find((other) => other.name === name)!;
  const flags = [...portMap].flatMap(([from, to]) => ["--port-map", `${from}=${to}`]);
  if (Object.keys(secrets).length === 0) {
    return flags;
  }
  await makeCertificates(temporary, secrets);
  return [...flags, "--secrets-directory", path.join(temporary, "secrets")];
}

describe.each(RUN.map(({ name }) => name))("the example %s", (name) => {
  const folder = path.join(EXAMPLES, name);

  test("shows in a real Envoy what it says, and leaves nothing behind", async () => {
    const { code, out, err } = await example([name, "--once"]);
    expect(code, out + err).toBe(0);
    expect(out).toContain("✓");
    expect(await readdir(temporary)).toEqual([]);
  });

  test("has rules without a warning", async () => {
    const { code, out, err } = await sluiceHere(
      ["check", "--strict", path.join(folder, "rules.yaml"), ...(await flagsOf(name))],
      ROOT,
    );
    expect(code, out + err).toBe(0);
  });
});

test.each(RUN.map(({ name }) => name).filter((name) => existsSync(path.join(EXAMPLES, name, "cases.yaml"))))(
  "the example %s passes its own cases",
  async (name) => {
    const [rules, cases] = ["rules.yaml", "cases.yaml"].map((file) => path.join(EXAMPLES, name, file));
    const { code, out, err } = await sluiceHere(
      ["test", rules!, "--cases", cases!, ...(await flagsOf(name))],
      ROOT,
    );
    expect(code, out + err).toBe(0);
  },
);

test.each(["compose", "fleet", "ci"])("the rules of %s have no warning", async (name) => {
  const { code, out, err } = await sluiceHere(
    ["check", "--strict", path.join(EXAMPLES, name, "rules")],
    ROOT,
  );
  expect(code, out + err).toBe(0);
});

describe("the example fleet", () => {
  const compose = async () =>
    parse(await readFile(path.join(EXAMPLES, "fleet", "compose.yaml"), "utf8"), { merge: true });

  test("starts a server as one is called, and Envoys with bootstraps that are made for them", async () => {
    const { services } = await compose();
    const { server, bootstrap, ...edges } = services;
    const written = String(bootstrap.command).replace("$$id", "edge-1");
    const [, call] = /sluice\.js ([^;]+);/.exec(written)!;
    expect(callProblem(wordsOf(call!))).toBeUndefined();
    expect(callProblem(server.command)).toBeUndefined();
    expect(Object.keys(edges)).toEqual(["edge-1", "edge-2", "edge-3"]);
    for (const [name, { entrypoint }] of Object.entries<{ entrypoint: string[] }>(edges)) {
      expect(written).toContain(name);
      expect(entrypoint).toContain(`/run/sluice/${name}.json`);
    }
  });

  test("has services that can do no more than they must", async () => {
    for (const service of Object.values((await compose()).services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      });
    }
  });
});

describe("the example ci", () => {
  const folder = path.join(EXAMPLES, "ci");

  test("passes its tests, which reach everything", async () => {
    const args = ["--cases", path.join(folder, "tests"), "--coverage-threshold", "100"];
    const { code, out, err } = await sluiceHere(["test", path.join(folder, "rules"), ...args], ROOT);
    expect(code, out + err).toBe(0);
  });

  test("has a workflow that GitHub's own parser takes, with inputs that the action has", async () => {
    const content = await readFile(path.join(folder, "workflow.yaml"), "utf8");
    const errorsOf = await workflowParserOf(temporary);
    expect(errorsOf(content)).toEqual([]);
    expect(errorsOf(content.replace("runs-on:", "runs-under:"))).not.toEqual([]);
    const { inputs } = parse(await readFile(path.join(ROOT, "action.yml"), "utf8"));
    const given = parse(content).jobs.rules.steps.at(-1).with;
    expect(Object.keys(given).filter((name) => !(name in inputs))).toEqual([]);
  });

  test("has hooks that this repository has", async () => {
    const hooks: { id: string }[] = parse(await readFile(path.join(ROOT, ".pre-commit-hooks.yaml"), "utf8"));
    const config = parse(await readFile(path.join(folder, ".pre-commit-config.yaml"), "utf8"));
    const used: { id: string }[] = config.repos[0].hooks;
    expect(used.map(({ id }) => id)).toEqual(hooks.map(({ id }) => id));
  });
});

test("each example has a README with its command, and is in the list", async () => {
  const list = await readFile(path.join(EXAMPLES, "README.md"), "utf8");
  for (const { name, command = `npm run example -- ${name}` } of ALL) {
    expect(await readFile(path.join(EXAMPLES, name, "README.md"), "utf8")).toContain(command);
    expect(list).toContain(`](${name}/README.md)`);
  }
});

test("without a name the examples are listed, and a wrong name is a wrong call", async () => {
  const { code, out } = await example([]);
  expect(code).toBe(0);
  for (const { name, about } of ALL) {
    expect(out).toMatch(new RegExp(`^ +${name} +${about}$`, "m"));
  }
  expect(await example(["canari"])).toMatchObject({ code: 2, err: expect.stringContaining('"canari"') });
});

test("a port that a service needs and another program has is named", async () => {
  const { port } = ALL.find(({ name }) => name === "canary")!.services[0]!;
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  try {
    const { code, err } = await example(["canary", "--once"]);
    expect(code).toBe(3);
    expect(err).toContain(`port ${port} on 127.0.0.1`);
  } finally {
    server.close();
  }
});
