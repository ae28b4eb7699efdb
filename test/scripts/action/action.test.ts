/** action.yml: what GitHub says of it, and its steps at work on a pull request. */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GitHub } from "./github.ts";
import { parserOf } from "./parser.ts";
import { ACTION_FILE, type Job, type Run, readAction, runAction } from "./runner.ts";

const RULES = (prefix: string) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: hosts }
spec:
  hosts: [one.example, two.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  http:
    - name: api
      match: [{ uri: { prefix: ${prefix} } }]
      route: [{ destination: { host: one.example } }]
    - route: [{ destination: { host: two.example } }]
`;
const CASES = (route: string) => `name: the api
checks:
  - ask: GET http://shop.example/api/1
    expect: { route: ${route} }
`;

let temporary: string;
let origin: string;
let checkout: string;
let github: GitHub;
let event: { readonly pull_request: object };

beforeAll(async () => {
  temporary = await mkdtemp(path.join(os.tmpdir(), "sluice-action-"));
  origin = path.join(temporary, "origin");
  await mkdir(path.join(origin, "rules"), { recursive: true });
  git(origin, "init", "--quiet", "--initial-branch=main");
  const commit = async (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path.join(origin, name), text);
    }
    git(origin, "add", ".");
    git(origin, "commit", "--quiet", "--message", "a change");
    return git(origin, "rev-parse", "HEAD");
  };
  const baseSha = await commit({ "rules/shop.yaml": RULES("/api/"), "cases.yaml": CASES("api") });
  git(origin, "checkout", "--quiet", "-b", "feature");
  const headSha = await commit({ "rules/shop.yaml": RULES("/api") });
  // Meanwhile another change came in, which is none of the pull request's.
  git(origin, "checkout", "--quiet", "main");
  const other = RULES("/other/")
    .replace("hosts: [shop", "hosts: [other")
    .replace("name: shop", "name: other");
  await commit({ "rules/other.yaml": other.slice(other.indexOf("---")) });
  git(origin, "checkout", "--quiet", "-b", "merge");
  git(origin, "merge", "--quiet", "--no-ff", "--no-edit", "feature");
  event = {
    pull_request: {
      number: 7,
      head: { sha: headSha, repo: { id: 1 } },
      base: { sha: baseSha, repo: { id: 1 } },
    },
  };
  github = await GitHub.start();
});

afterAll(async () => {
  await github.close();
  await rm(temporary, { recursive: true, force: true });
});

beforeEach(async () => {
  github.comments.length = 0;
  github.asked.length = 0;
  github.refuseWrites = undefined;
  checkout = path.join(await mkdtemp(path.join(temporary, "checkout-")), "rules of shop");
  // As actions/checkout does: one commit, the merge of the pull request.
  git(temporary, "clone", "--quiet", "--depth=1", "--branch=merge", `file://${origin}`, checkout);
});

const run = (inputs: Job["inputs"], more: Partial<Job> = {}) =>
  runAction({
    workspace: checkout,
    temporary,
    inputs: { rules: "rules", ...inputs },
    event,
    env: { GITHUB_API_URL: github.url, GITHUB_GRAPHQL_URL: `${github.url}/graphql` },
    ...more,
  });

/** Without the hints at what is all right. */
const serious = ({ annotations }: Run) => annotations.filter(({ level }) => level !== "notice");

describe("action.yml", () => {
  test("is what GitHub's own parser takes for an action", async () => {
    const content = await readFile(ACTION_FILE, "utf8");
    const errorsOf = await parserOf(temporary);
    expect(errorsOf(content)).toEqual([]);
    expect(errorsOf(content.replace("using: composite", "using: compost"))).not.toEqual([]);
  });

  test("passes nothing through a script's text, and the token to one step only", async () => {
    const { runs } = await readAction();
    expect(runs.steps.filter(({ run }) => run.includes("${{"))).toEqual([]);
    const holders = runs.steps.filter(({ env }) => JSON.stringify(env ?? {}).includes("token"));
    expect(holders.map(({ name }) => name)).toEqual(["Comment"]);
  });
});

test("a pull request gets outputs, a summary and a comment, which is kept up to date", async () => {
  const forged = github.add("mallory", "to be replaced");
  for (let i = 0; i < 120; i++) {
    github.add("reviewer", `remark ${i}`);
  }
  const first = await run({ cases: "cases.yaml", "coverage-threshold": "25" });
  expect(first.log).not.toMatch(/^::(error|warning)/m);
  expect(first).toMatchObject({
    ok: true,
    outputs: { errors: "0", warnings: "0", passed: "1", failed: "0", differences: "1" },
  });
  expect(first.summary).toContain("### sluice test: 1 passed, 0 failed");
  expect(first.summary).toContain("GET http://shop.example/api");
  // Not what came into the base since.
  expect(first.summary).not.toContain("other.example");
  const comment = github.comments.at(-1)!;
  expect(comment.body).toContain("### Sluice: 1 difference at 1 host");
  expect(comment.body).toContain("base/rules/shop");
  expect(github.tokens).toEqual(new Set(["Bearer the-token-of-the-job"]));

  // A stranger's comment with the same mark is not ours to write to.
  forged.body = `${comment.body.split("\n")[0]}\nnothing to see`;
  await writeFile(path.join(checkout, "rules/shop.yaml"), RULES("/api/"));
  const second = await run({});
  expect(second).toMatchObject({ ok: true, outputs: { differences: "0", passed: "" } });
  expect(comment.body).toContain("no request is decided differently");
  expect(forged.body).toContain("nothing to see");
  expect(github.comments).toHaveLength(122);
  expect(github.asked.filter((line) => line.startsWith("PATCH"))).toHaveLength(1);
});

test("without a pull request there is a base if one is given, and no comment", async () => {
  expect((await run({}, { event: { ref: "refs/heads/main" } })).log).toContain("sluice diff did not run");
  const pushed = await run({ base: "main" }, { event: {} });
  expect(pushed).toMatchObject({ ok: true, outputs: { differences: "1" } });
  expect(pushed.log).toContain("No comment: the event is not a pull request");
  expect(github.asked).toEqual([]);
});

test("a mistake is shown at its line, and stops what needs rules", async () => {
  await writeFile(path.join(checkout, "rules/shop.yaml"), RULES("/api").replace("prefix: /api", "prefix: 7"));
  const result = await run({ cases: "cases.yaml" });
  expect(result).toMatchObject({ ok: false, outputs: { errors: "1", passed: "", differences: "" } });
  expect(serious(result)[0]).toMatchObject({
    level: "error",
    properties: { file: "rules/shop.yaml", line: "16", endLine: "16" },
  });
  expect(serious(result)[0]!.properties.title).toMatch(/^SL\d{4}$/);
  expect(result.annotations.at(-1)!.message).toBe("sluice check: 1 error, 0 warnings");
  expect(result.log).toContain("Tests and comparison did not run");
  expect(github.asked).toEqual([]);
});

test("warnings fail when they are asked to, and what differs is said all the same", async () => {
  const unknown = RULES("/api").replace("host: two.example", "host: tow.example");
  await writeFile(path.join(checkout, "rules/shop.yaml"), unknown);
  const strict = await run({ strict: "true" });
  expect(strict).toMatchObject({ ok: false, outputs: { warnings: "1", differences: "2" } });
  expect(strict.steps).toContain("Comment");
});

test("a failed case is shown at its line; coverage below the threshold fails", async () => {
  await writeFile(path.join(checkout, "cases.yaml"), CASES("default"));
  const result = await run({ cases: "cases.yaml", diff: "false" });
  expect(result).toMatchObject({ ok: false, outputs: { passed: "0", failed: "1" } });
  expect(serious(result)[0]).toMatchObject({
    level: "error",
    properties: { title: "the api, check 1", file: "cases.yaml", line: "3" },
    message: expect.stringContaining('expected "default"'),
  });
  await writeFile(path.join(checkout, "cases.yaml"), CASES("api"));
  const short = await run({ cases: "cases.yaml", "coverage-threshold": "90", diff: "false" });
  expect(short.ok).toBe(false);
  expect(serious(short)[0]!.message).toMatch(/coverage of rules: [\d.]+ %[\s\S]*the threshold is 90 %/);
});

test("rules that are new, and a base whose rules are wrong", async () => {
  await mkdir(path.join(checkout, "fresh"));
  await writeFile(path.join(checkout, "fresh/shop.yaml"), RULES("/api").replaceAll("shop", "fresh"));
  const fresh = await run({ rules: "rules\nfresh/" });
  expect(fresh.ok, fresh.log).toBe(true);
  expect(fresh.summary).toContain("http://fresh.example/");
  git(origin, "checkout", "--quiet", "-B", "broken", "main");
  await writeFile(path.join(origin, "rules/shop.yaml"), "apiVersion: 7\n");
  git(origin, "commit", "--quiet", "--all", "--message", "broken");
  const broken = await run({ base: "broken" });
  expect(broken).toMatchObject({ ok: true, outputs: { differences: "" } });
  expect(serious(broken)).toMatchObject([
    { level: "warning", message: expect.stringContaining("the rules of the base have errors") },
  ]);
});

test("inputs are no part of a script, and what rules say is no workflow command", async () => {
  const files = 'a"; touch pwned; $(touch pwned) `touch pwned`';
  const unknown = await run({ rules: files, config: "" });
  expect(unknown.ok).toBe(false);
  expect(unknown.annotations[0]!.message).toContain(`cannot read ${files}: it does not exist`);
  expect(existsSync(path.join(checkout, "pwned"))).toBe(false);
  await writeFile(
    path.join(checkout, "rules/shop.yaml"),
    RULES('"x\\n::stop-commands::a\\n::error::forged"'),
  );
  const { ok, log, steps } = await run({ comment: "false" });
  expect(steps).not.toContain("Comment");
  expect(ok).toBe(true);
  expect(log).toContain("%0A::error::forged");
  expect(log).not.toMatch(/^\s*::(stop-commands|error::forged)/m);
});

test.each([
  [{ base: "gone" }, "the base gone is not in this checkout and cannot be fetched"],
  [{ cases: "cases.yaml", "coverage-threshold": "-1" }, "sluice test: --coverage-threshold"],
])("%j is one clear line", async (inputs, message) => {
  const result = await run(inputs);
  expect(result.ok).toBe(false);
  expect(result.annotations.at(-1)!.message).toContain(message);
});

function git(cwd: string, ...args: string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: temporary,
    ...Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) => [
        [`GIT_${who}_NAME`, "a"],
        [`GIT_${who}_EMAIL`, "a@b.example"],
      ]),
    ),
  };
  return execFileSync("git", args, { cwd, env, encoding: "utf8" }).trim();
}
