/** The demo as a newcomer meets it: the built program, what it says, and what it leaves behind. */

import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { createServer, type Server } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
// One after the other: both may take the ports that an Envoy has unless told otherwise.
import "./examples.cases.ts";

const ROOT = packageRoot().directory;
const PROGRAM = path.join(ROOT, "dist", "demo.js");

let folder: string;
let temporary: string;
const children: ChildProcess[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-demo-test-"));
  temporary = path.join(folder, "tmp");
  await mkdir(temporary);
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("close", resolve));
    }
  }
  for (const server of servers.splice(0)) {
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

class Demo {
  output = "";
  /** Has ended, and all that it said has been read. */
  #isOver = false;
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    // What it makes for a time goes into our own folder, so that what it leaves is seen.
    this.child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: ROOT,
      env: { ...process.env, TMPDIR: temporary, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(this.child);
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.ended = new Promise((resolve) =>
      this.child.once("close", (code) => {
        this.#isOver = true;
        resolve(code);
      }),
    );
  }

  /** Waits until what has been said since `from` matches. */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      const isLast = this.#isOver;
      const match = pattern.exec(this.output.slice(from));
      if (match !== null) {
        return match;
      }
      if (isLast) {
        break;
      }
      await sleep(50);
    }
    throw new Error(`the demo did not say ${pattern}:\n${this.output}`);
  }
}

function get(url: string, headers: http.OutgoingHttpHeaders = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      })
      .on("error", reject);
  });
}

/** The demo takes another port for one that is in use; this keeps one in use. */
async function occupy(port: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.once("error", () => resolve()); // somebody else does it already
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

describe.each(["wasm", "native"])("--once --target %s", (target) => {
  test("asks every rule, finds it obeyed, and leaves nothing", { timeout: 90_000 }, async () => {
    const demo = new Demo(["--once", "--target", target]);
    expect(await demo.ended, demo.output).toBe(0);
    const rules = [
      "Gateway bookinfo-gateway",
      "VirtualService bookinfo › pages",
      "DestinationRule quotes",
      "VirtualService details › patient",
      "ServiceEntry quotes",
      "VirtualService ratings › slow-for-jason",
      "VirtualService ratings › broken-for-some",
      "DestinationRule reviews",
      "VirtualService reviews › jason",
      "VirtualService reviews › split",
    ];
    for (const rule of rules) {
      expect(demo.output).toMatch(new RegExp(`^${rule}  \\S+\\.yaml:\\d+$`, "m"));
    }
    expect(demo.output).toContain(`rules tested: ${rules.length};`);
    expect(demo.output).not.toContain("✗");
    expect(demo.output).not.toContain("not asked");
    // Each check of a share states which counts it accepts.
    expect(demo.output).toMatch(/80 % to reviews v1 \(\d+–\d+\)/);
    expect(demo.output).toContain("gives p < 1e-6");
    expect(await readdir(temporary)).toEqual([]);
  });
});

test("serves a page, shows what an edit changes, refuses a mistake, and ends cleanly", {
  timeout: 120_000,
}, async () => {
  const rules = path.join(folder, "rules");
  await cp(path.join(ROOT, "envoy", "bookinfo", "rules"), rules, { recursive: true });
  await occupy(8080);
  const demo = new Demo(["--rules", rules]);
  const [, live] = await demo.says(/^What each rule does, live: (http:\/\/127\.0\.0\.1:\d+\/\?t=\S+)\n/);
  expect((await get(live!)).status).toBe(303);
  expect((await get(new URL("/", live).href)).status).toBe(401);
  const [page] = await demo.says(/http:\/\/127\.0\.0\.1:\d+\/productpage/);
  expect(demo.output).toMatch(/port 8080 .* is already in use/);
  const [mesh] = await demo.says(/http:\/\/127\.0\.0\.1:\d+(?=\/reviews\/0)/);
  await demo.says(/Ctrl-C/);

  const anyone = await get(page);
  expect(anyone.status).toBe(200);
  expect(anyone.body).toContain("William Shakespeare");
  expect(anyone.body).toMatch(/reviews-v[123]/);
  expect((await get(page, { cookie: "user=jason" })).body).toContain("reviews-v2");
  expect((await get(page.replace("/productpage", "/elsewhere"))).status).toBe(404);

  const file = path.join(rules, "reviews.yaml");
  const text = await readFile(file, "utf8");
  const edited = demo.output.length;
  await writeFile(file, text.replace("weight: 80", "weight: 20").replace("weight: 10", "weight: 70"));
  await demo.says(/What has changed:.*20 % to reviews v1.*70 % to reviews v2.*are followed/s, edited);
  expect(demo.output.slice(edited)).not.toContain("› jason");

  const broken = demo.output.length;
  await writeFile(file, text.replace("weight: 80", "weight: -1"));
  await demo.says(/reviews\.yaml:\d+:\d+.*old rules stay in effect/s, broken);
  expect((await get(`${mesh}/reviews/0`, { host: "reviews:9080", "end-user": "x" })).status).toBe(200);

  demo.child.kill("SIGINT");
  expect(await demo.ended, demo.output).toBe(0);
  expect(await readdir(temporary)).toEqual([]);
  await expect(get(page)).rejects.toThrow();
});

test("Ctrl-C in the middle ends at once and leaves nothing", { timeout: 60_000 }, async () => {
  const demo = new Demo([]);
  await demo.says(/Envoy \d/);
  await sleep(1_500);
  const asked = performance.now();
  demo.child.kill("SIGINT");
  expect(await demo.ended, demo.output).toBe(0);
  expect(performance.now() - asked).toBeLessThan(25_000);
  expect(demo.output).not.toContain("✗");
  expect(await readdir(temporary)).toEqual([]);
});

test("a fleet gets a good change in waves, and a bad one is taken back before most see it", {
  timeout: 150_000,
}, async () => {
  await occupy(8080);
  const demo = new Demo(["--fleet", "3", "--once"]);
  expect(await demo.ended, demo.output).toBe(0);
  expect(demo.output).toMatch(/3 Envoys \(1\.\d+\.\d+\) serve http:\/\/127\.0\.0\.1:\d+\/productpage/);
  expect(demo.output).toMatch(/✓ all 3 have it; requests that failed meanwhile: 0\n/);
  expect(demo.output).toMatch(/is stopped in wave 1 at (edge-\d) .*✓ taken back; \1 alone had it/s);
  expect(demo.output).not.toContain("✗");
  expect(await readdir(temporary)).toEqual([]);
});

test("rules with a mistake end it with 1 before anything starts", async () => {
  await writeFile(
    path.join(folder, "wrong.yaml"),
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: wrong\nspec:\n  hosts: reviews\n",
  );
  const demo = new Demo(["--once", "--rules", path.join(folder, "wrong.yaml")]);
  expect(await demo.ended).toBe(1);
  expect(demo.output).toMatch(/wrong\.yaml:6:\d+/);
  expect(await readdir(temporary)).toEqual([]);
});

test.each(["--no-such-flag", "--target magic", "--fleet 1", "--fleet 3 --rules rules"])(
  "a wrong call ends with 2: %s",
  async (args) => {
    const demo = new Demo(args.split(" "));
    expect(await demo.ended).toBe(2);
    expect(demo.output).toMatch(/error/);
  },
);
