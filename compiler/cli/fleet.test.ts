import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FAILED, FakeFleet, NEW, OLD, proxy, revision } from "../fleet/http/fleet.fixture.ts";
import { type FleetHttpServer, startFleetHttp } from "../fleet/http/http-server.ts";
import { Identity } from "../fleet/identity/identity.ts";
import { EventFeed } from "../http/event-feed.ts";
import { runCommandLine } from "./commands.ts";
import { Terminal } from "./terminal.ts";

const TOKEN = "token-of-the-operators";

let folder: string;
let fleet: FakeFleet;
let identity: Identity;
let server: FleetHttpServer;

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-fleet-"));
  const tokens = path.join(folder, "tokens");
  writeFileSync(tokens, TOKEN);
  identity = new Identity({ httpTokens: tokens }, () => {});
  fleet = new FakeFleet();
  server = await startFleetHttp({
    fleet,
    feed: new EventFeed(),
    identity,
    listen: { host: "127.0.0.1", port: 0 },
    metrics: () => "",
    waitsFor: () => [],
    onProblem: () => {},
  });
});
afterEach(async () => {
  await server.close();
  identity.close();
  rmSync(folder, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const stream = (write: (text: string) => void) => ({ write });
  const terminal = new Terminal(
    stream((text) => {
      out += text;
    }),
    stream((text) => {
      err += text;
    }),
  );
  const code = await runCommandLine(
    ["fleet", ...args, "--server", `http://127.0.0.1:${server.port}`],
    terminal,
  );
  return { code, out, err };
}

const withToken = () => ["--token-file", path.join(folder, "tokens")];

test("status says what is served, who has it, and what stopped a roll-out", async () => {
  fleet.proxiesNow = [proxy("p1"), proxy("p2", { state: "refused", revision: OLD, words: ["ring size"] })];
  const { code, out } = await run("status");
  expect(code).toBe(0);
  expect(out).toContain(`revision ${NEW} on 1 of 2 proxies`);
  expect(out).toContain("failed in wave 2 of 2 (1)");
  expect(out).toContain("p2: refused it (clusters)");
  expect(out).toContain("rules/reviews.yaml:12 shop/reviews");
  expect(out).toMatch(/proxies: 1 refused it, 1 current\n {2}p2 +refused it +0b77aa1205cd → 3f2a9c0d11e4/);
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect((await run("status", "--exit-code")).code).toBe(1);
});

test("long lists are folded, and what is wrong comes first", async () => {
  fleet.proxiesNow = [
    ...Array.from({ length: 50 }, (_, i) => proxy(`p${i}`)),
    proxy("q", { state: "silent", words: ["nothing"] }),
  ];
  const { out } = await run("status");
  expect(out).toMatch(/\n {2}q +silent/);
  expect(out).toContain("… 45 more; --verbose lists them");
  expect((await run("status", "--verbose")).out.match(/^ {2}p\d+/gm)).toHaveLength(50);
});

test("what a proxy says of itself cannot steer the terminal", async () => {
  fleet.proxiesNow = [proxy("p\u001b[2J")];
  expect((await run("status")).out).not.toContain("\u001b");
});

test.each<[string, () => void, number, RegExp]>([
  ["reached", () => {}, 0, /is on 1 of 1 proxy/],
  ["failed", () => set("failed"), 1, /was taken back[\s\S]*p2: refused it/],
  ["superseded", () => set("superseded"), 1, /a newer revision came/],
  ["on its way", () => set("rolling out"), 3, /so far/],
])("wait for a revision that is %s", async (_, prepare, code, words) => {
  fleet.proxiesNow = [proxy("p1")];
  prepare();
  const result = await run("wait", "--revision", NEW.slice(0, 6), "--timeout", "100ms");
  expect(result.out).toMatch(words);
  expect(result.code).toBe(code);
  const json = await run("wait", "--revision", NEW, "--timeout", "0s", "--format", "json");
  expect(json.code).toBe(code);
  expect(JSON.parse(json.out)).toMatchObject({ revision: NEW, proxies: 1 });
});

function set(state: "failed" | "superseded" | "rolling out"): void {
  fleet.revisionsNow = [revision(NEW, { state })];
}

test("rules with errors are not waited for", async () => {
  const result = await run("wait", "--revision", "bad", "--timeout", "10s");
  expect([result.code, result.out]).toEqual([1, "revision bad is not taken: its rules have errors\n"]);
});

test("roll-outs and revisions, as text and as data", async () => {
  expect((await run("rollouts")).out).toContain("all proxies have 0b77aa1205cd again");
  expect((await run("revisions")).out).toMatch(/^3f2a9c0d11e4 {2}serving +1 proxy/);
  expect(JSON.parse((await run("rollouts", "--format", "json")).out)).toEqual({ rollouts: [FAILED] });
  expect(JSON.parse((await run("revisions", "--format", "json")).out).revisions).toHaveLength(2);
});

test("a change needs the token", async () => {
  const without = await run("promote");
  expect([without.code, fleet.done]).toEqual([1, []]);
  expect(without.err).toContain("this needs a token");
  expect((await run("promote", ...withToken())).code).toBe(0);
  expect((await run("abort", "--why", "too slow", ...withToken())).code).toBe(0);
  expect((await run("rollback", OLD.slice(0, 4), ...withToken())).code).toBe(0);
  expect(fleet.done).toEqual(["promote", "abort", "too slow", `rollback ${OLD}`]);
  const again = await run("abort", ...withToken());
  expect([again.code, again.err]).toEqual([1, "error: no roll-out is under way\n"]);
});

test.each<[string[], RegExp]>([
  [["status", "p1"], /status takes no argument; remove "p1"/],
  [["rollback"], /rollback needs the revision/],
  [["wait"], /wait needs --revision/],
  [["wait", "--revision", "a", "--timeout", "soon"], /--timeout: "soon" is not valid/],
  [["status", "--revision", "a"], /--revision has no meaning for status/],
  [["explain", "GET http://a/"], /explain needs --proxy/],
  [["explain", "--proxy", "nobody", "GET http://a/"], /no proxy has the id "nobody"/],
  [["look"], /value 'look' is invalid for argument 'action'/],
])("%j is a wrong call", async (args, words) => {
  const { code, err } = await run(...args);
  expect([code, err]).toEqual([2, expect.stringMatching(words)]);
});

test("a server that is not there is not a failed revision", async () => {
  await server.close();
  for (const args of [["status"], ["wait", "--revision", "a", "--timeout", "0s"]]) {
    const { code, err } = await run(...args);
    expect([code, err]).toEqual([3, expect.stringMatching(/cannot ask http.*: no server listens there/)]);
  }
});
