/** The access log as `sluice run` passes it on, and what it says before Envoy starts when that cannot be. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OLDEST_ENVOY } from "../../compiler/platform/version.ts";
import { ask } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { launch, outcomeOf, SluiceRun } from "../harness/sluice.ts";

const rules = (name: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http: [{ name: ${name}, directResponse: { status: 299 } }]
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-logged-"));
  await writeFile(path.join(folder, "rules.yaml"), rules("one"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const lineOf = (run: SluiceRun, rule: string) =>
  run.when(
    () =>
      run.events
        .map((event) => (event as { readonly line?: string }).line ?? "")
        .find((line) => line.includes(rule)),
    `a line of ${rule}`,
  );

test.each(["wasm", "native"])(
  "target %s: lines are events beside the others, also of rules that come later",
  async (target) => {
    const port = await freePort();
    const args = ["rules.yaml", "--watch", "--target", target, "--mesh-port", String(port)];
    const run = new SluiceRun([...args, "--access-log", "-", "--access-log-format", "json"], folder);
    try {
      await run.event("serving");
      await ask(port, { path: "/", host: "a.example" });
      expect(JSON.parse(await lineOf(run, "default/a#one"))).toMatchObject({ status: 299, listener: "mesh" });
      await writeFile(path.join(folder, "rules.yaml"), rules("two"));
      await run.event("reloaded");
      await ask(port, { path: "/", host: "a.example" });
      expect(JSON.parse(await lineOf(run, "default/a#two"))).toMatchObject({ rule: "default/a#two" });
    } finally {
      expect(await run.stop()).toBe(0);
      await writeFile(path.join(folder, "rules.yaml"), rules("one"));
    }
  },
);

describe("what cannot be is said before Envoy starts", () => {
  test.each([
    [
      "a folder that is missing",
      ["--access-log", "missing/a.log"],
      3,
      /--access-log: the directory .*missing does not exist/,
    ],
    [
      "an operator that is unknown",
      ["--access-log", "-", "--access-log-format", "%RULES%"],
      2,
      /--access-log-format: .*"RULES"; did you mean "RULE"\?.*operators are/,
    ],
    ["a collector without a scheme", ["--trace-to", "otel:4318"], 2, /--trace-to: "otel:4318" is not valid/],
  ])("%s", async (_what, flags, code, words) => {
    const outcome = await outcomeOf(launch(["run", "rules.yaml", "--mesh-port", "0", ...flags], folder));
    expect(outcome.code).toBe(code);
    expect(outcome.err).toMatch(words);
  });

  test("an Envoy that cannot name spans", async () => {
    const flags = ["--mesh-port", "0", "--trace-to", "http://127.0.0.1:4318"];
    const env = { ...process.env, ENVOY_BIN: "", SLUICE_ENVOY_VERSION: OLDEST_ENVOY };
    const outcome = await outcomeOf(launch(["run", "rules.yaml", ...flags], folder, env));
    expect(outcome.code).toBe(3);
    expect(outcome.err).toContain(
      `--trace-to needs Envoy 1.37.0 or newer, which can name spans after rules; this is ${OLDEST_ENVOY}`,
    );
  });
});

test("a build says which Envoys can read it", async () => {
  const flags = ["-o", "out", "--access-log", "-", "--trace-to", "http://127.0.0.1:4318"];
  expect((await outcomeOf(launch(["build", "rules.yaml", ...flags], folder))).code).toBe(0);
  const manifest = JSON.parse(await readFile(path.join(folder, "out", "manifest.json"), "utf8"));
  expect(manifest.envoy.oldest).toBe("1.37.0");
});
