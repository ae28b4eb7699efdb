/** The last step of action.yml by itself: whose comment is changed, and what is said of GitHub's answers. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { commentStep } from "../../../scripts/action/comment-step.ts";
import { GitHub } from "./github.ts";

const MARK = "<!-- sluice diff abc -->";
let folder: string;
let github: GitHub;
let said: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-comment-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  github = await GitHub.start();
  said = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await github.close();
});

async function comment(text: string, { changed = "true", head = 1, env = {} } = {}): Promise<void> {
  const side = (id: number) => ({ sha: "a".repeat(40), repo: { id } });
  const event = { pull_request: { number: 7, head: side(head), base: side(1) } };
  await writeFile(path.join(folder, "event.json"), JSON.stringify(event));
  await writeFile(path.join(folder, "diff.md"), text);
  const all = {
    GITHUB_API_URL: github.url,
    GITHUB_GRAPHQL_URL: `${github.url}/graphql`,
    GITHUB_EVENT_PATH: path.join(folder, "event.json"),
    GITHUB_REPOSITORY: "shop/rules",
    INPUT_FILE: path.join(folder, "diff.md"),
    INPUT_CHANGED: changed,
    INPUT_SUBJECT: "abc",
    INPUT_TOKEN: "secret",
    ...env,
  };
  for (const [name, value] of Object.entries(all)) {
    vi.stubEnv(name, value);
  }
  await commentStep();
}

test("only our own comment about the same rules is changed, wherever it stands", async () => {
  const others = [
    github.add("mallory", `${MARK}\nforged`),
    github.add("github-actions[bot]", "<!-- sluice diff other -->\nof other rules"),
    github.add("reviewer", `quoting ${MARK}\n`),
  ];
  const before = others.map(({ body }) => body);
  for (let i = 0; i < 250; i++) {
    github.add("reviewer", `remark ${i}`);
  }
  const own = github.add("github-actions[bot]", `${MARK}\nold`);
  await comment("new", { changed: "false" });
  expect(own.body).toBe(`${MARK}\nnew`);
  expect(others.map(({ body }) => body)).toEqual(before);
  await comment("new");
  expect(said).toContain("Comment is up to date: https://github.example/#254");
  expect(github.asked.filter((line) => !line.startsWith("GET") && !line.includes("graphql"))).toEqual([
    "PATCH /repos/shop/rules/issues/comments/254",
  ]);
});

test("the first comment is written when something differs", async () => {
  await comment("nothing", { changed: "false" });
  expect(said).toContain("No comment: nothing differs");
  expect(github.comments).toEqual([]);
  await comment("new");
  expect(github.comments.map(({ body }) => body)).toEqual([`${MARK}\nnew`]);
});

test("a comment that is too long is cut at a line, and says so", async () => {
  await comment("| an é |\n".repeat(20_000));
  const { body } = github.comments[0]!;
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(65_000);
  expect(body.length).toBeGreaterThan(50_000);
  expect(body.endsWith("| an é |\n\n… the rest is in the summary of the workflow.\n")).toBe(true);
});

test("what the token may not do is a warning that says what to do", async () => {
  for (const status of [401, 403, 404]) {
    github.refuseWrites = status;
    await comment("new");
    expect(said).toMatch(
      new RegExp(`::warning::GitHub refused the comment: .*\\(${status}\\).*pull-requests: write`),
    );
    said = "";
  }
  await comment("new", { head: 2 });
  expect(said).toContain("For pull requests from forks the workflow's token may only read");
});

test("what else GitHub answers, or that it does not, is told", async () => {
  github.refuseWrites = 422;
  await expect(comment("new")).rejects.toThrow("GitHub answered 422: Resource not accessible by integration");
  await expect(comment("new", { env: { GITHUB_API_URL: "http://127.0.0.1:1" } })).rejects.toThrow(
    /cannot reach GitHub: .*ECONNREFUSED/,
  );
  await expect(comment("new", { env: { INPUT_TOKEN: "" } })).rejects.toThrow("token: no token");
  await expect(comment("new", { env: { GITHUB_REPOSITORY: "x" } })).rejects.toThrow("GITHUB_REPOSITORY");
});
