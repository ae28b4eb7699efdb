/** What the command line does with input that is wrong: says so, exits with 1 or 2, and changes nothing. */

import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { type JsonDiagnostic, SluiceRun } from "../harness/sluice.ts";
import { sluiceHere } from "../harness/sluice-here.ts";
import { BAD, DOUBTFUL, GOOD } from "./bad-rules.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bad-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, text: string | Buffer) => writeFile(path.join(folder, name), text);

async function check(args: readonly string[]) {
  const { code, out, err } = await sluiceHere(["check", ...args, "--format", "json"], folder);
  const { diagnostics } = JSON.parse(out) as { diagnostics: readonly JsonDiagnostic[] };
  return { code, err, diagnostics };
}

describe("there is nothing to read", () => {
  test("no path", async () => {
    const { code, err } = await sluiceHere(["check"], folder);
    expect(code).toBe(2);
    expect(err).not.toBe("");
  });

  test.each(["build", "check", "run"])("%s of a path that does not exist", async (command) => {
    const args = command === "build" ? ["--out", "out"] : [];
    const { code, out, err } = await sluiceHere([command, "missing.yaml", ...args], folder);
    expect([1, 2]).toContain(code);
    expect(out + err).toContain("missing.yaml");
    expect(await readdir(folder)).toEqual([]);
  });

  test("an empty directory", async () => {
    await mkdir(path.join(folder, "rules"));
    const { code, diagnostics } = await check(["rules"]);
    expect([1, 2]).toContain(code);
    expect(diagnostics.map(({ level }) => level)).toContain("error");
  });

  // A link in a circle cannot be read by anybody, not even by the superuser, who reads everything else.
  test.each(["rules/loop.yaml", "rules"])("an unreadable file (%s)", async (given) => {
    await mkdir(path.join(folder, "rules"));
    await write("rules/good.yaml", GOOD);
    await symlink("loop.yaml", path.join(folder, "rules", "loop.yaml"));
    const { code, diagnostics } = await check([given]);
    expect([1, 2]).toContain(code);
    const errors = diagnostics.filter(({ level }) => level === "error");
    expect(errors.map(({ message }) => message).join()).toContain("loop.yaml");
    expect((await sluiceHere(["build", given, "--out", "out"], folder)).code).toBe(code);
    expect(await readdir(folder)).toEqual(["rules"]);
  });

  test("a file whose folder is a file", async () => {
    await write("rules.yaml", GOOD);
    const { code, diagnostics } = await check(["rules.yaml/more.yaml"]);
    expect([1, 2]).toContain(code);
    expect(diagnostics.map(({ level }) => level)).toContain("error");
  });
});

test("the good rules are good", async () => {
  await write("rules.yaml", GOOD);
  const { code, diagnostics } = await check(["rules.yaml"]);
  expect({ code, found: diagnostics.filter(({ level }) => level !== "info") }).toEqual({
    code: 0,
    found: [],
  });
});

describe.each(BAD)("$name", ({ text, line }) => {
  test("is an error with its place, and nothing is written", async () => {
    await write("rules.yaml", text);
    const { code, err, diagnostics } = await check(["rules.yaml"]);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const first = diagnostics.find(({ level }) => level === "error");
    expect(first).toMatchObject({ file: "rules.yaml", ...(line !== undefined && { line }) });
    expect(first!.column).toBeGreaterThan(0);
    expect(first!.code).toMatch(/^SL\d{4}$/);

    const built = await sluiceHere(["build", "rules.yaml", "--out", "out"], folder);
    expect(built.code).toBe(1);
    expect(built.out + built.err).not.toMatch(/\n\s+at .*\(/);
    expect(await readdir(folder)).toEqual(["rules.yaml"]);
  });
});

test("all errors are said, not the first", async () => {
  await write(
    "one.yaml",
    GOOD.replace("weight: 50", "weight: -1").replace("httpStatus: 418", "httpStatus: 4180"),
  );
  await write("two.yaml", GOOD.replaceAll("site", "page").replace("hosts: [page.example]", "hosts: 7"));
  const { diagnostics } = await check(["one.yaml", "two.yaml"]);
  const errors = diagnostics.filter(({ level }) => level === "error");
  expect(new Set(errors.map(({ file, line }) => `${file}:${line}`))).toEqual(
    new Set(["one.yaml:14", "one.yaml:18", "two.yaml:7"]),
  );
});

describe.each(DOUBTFUL)("$name", ({ text, nearest }) => {
  test("is a warning with the nearest known name, and the rest is built", async () => {
    await write("rules.yaml", text);
    const { code, diagnostics } = await check(["rules.yaml"]);
    expect(code).toBe(0);
    const warning = diagnostics.find(({ message, help }) => `${message} ${help ?? ""}`.includes(nearest));
    expect(warning?.level).toBe("warning");
    expect(warning).toMatchObject({ file: "rules.yaml", line: expect.any(Number) });
    expect((await sluiceHere(["check", "rules.yaml", "--strict"], folder)).code).toBe(1);
    expect((await sluiceHere(["build", "rules.yaml", "--out", "out"], folder)).code).toBe(0);
    expect(await readdir(path.join(folder, "out"))).toContain("envoy.json");
  });
});

test("a build over an older one is not touched", async () => {
  await write("rules.yaml", GOOD);
  expect((await sluiceHere(["build", "rules.yaml", "--out", "out"], folder)).code).toBe(0);
  const before = await readFile(path.join(folder, "out", "manifest.json"), "utf8");
  await write("rules.yaml", BAD[0]!.text);
  expect((await sluiceHere(["build", "rules.yaml", "--out", "out"], folder)).code).toBe(1);
  expect(await readFile(path.join(folder, "out", "manifest.json"), "utf8")).toBe(before);
});

describe("run --watch", () => {
  let watched: string;
  let run: SluiceRun;
  let port: number;

  beforeAll(async () => {
    watched = await mkdtemp(path.join(os.tmpdir(), "sluice-watch-"));
    await writeFile(path.join(watched, "rules.yaml"), GOOD);
    port = await freePort();
    run = new SluiceRun(
      ["rules.yaml", "--watch", "--mesh-port", String(port), "--concurrency", "1"],
      watched,
    );
    await run.event("serving");
  });

  afterAll(async () => {
    expect(await run?.stop()).toBe(0);
    await rm(watched, { recursive: true, force: true });
  });

  const status = async () => (await ask(port, { path: "/", host: "site.example" })).status;

  /** As an editor does it, so that half a file is never seen. */
  async function change(text: string | Buffer): Promise<number> {
    const seen = run.events.length;
    await writeFile(path.join(watched, ".new"), text);
    await rename(path.join(watched, ".new"), path.join(watched, "rules.yaml"));
    return seen;
  }

  test.each(BAD)(
    "$name: the old rules stay in effect, and valid ones are used again",
    async ({ name, text }) => {
      const answered = 500 + (BAD.findIndex((bad) => bad.name === name) % 50);
      await run.event("refused", await change(text));
      expect(await status()).toBeGreaterThanOrEqual(418);
      await run.event("reloaded", await change(GOOD.replace("httpStatus: 418", `httpStatus: ${answered}`)));
      expect(await status()).toBe(answered);
    },
  );

  test("the file goes away and comes back", async () => {
    const seen = run.events.length;
    await rm(path.join(watched, "rules.yaml"));
    await run.event("refused", seen);
    expect(await status()).toBeGreaterThanOrEqual(418);
    await run.event("reloaded", await change(GOOD.replace("httpStatus: 418", "httpStatus: 451")));
    expect(await status()).toBe(451);
  });
});
