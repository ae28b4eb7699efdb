/** `sluice top` against a `sluice run` with a real Envoy: what it counts, how it is seen on a terminal, and how both end. */

import { execFile, execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DoorClient, type LiveReport, type LiveRule, openDoor, withChanges } from "../../compiler/index.ts";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { ask } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { type RunEvent, SluiceRun, sluice } from "../harness/sluice.ts";

/** The endpoints are not there: a request counts where it is decided, whatever becomes of it. */
const RULES = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints:
    - { address: 127.64.0.1, labels: { version: v1 } }
    - { address: 127.64.0.2, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec:
  host: shop.example
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  http:
    - name: broken
      match: [{ uri: { prefix: /broken } }]
      fault: { abort: { percentage: { value: 100 }, httpStatus: 418 } }
      route: [{ destination: { host: shop.example, subset: v1 } }]
    - name: moved
      match: [{ uri: { exact: /old } }]
      redirect: { uri: /new }
    - name: never
      match: [{ headers: { x-never: { exact: "yes" } } }]
      directResponse: { status: 200 }
    - name: split
      route:
        - { destination: { host: shop.example, subset: v1 }, weight: 75 }
        - { destination: { host: shop.example, subset: v2 }, weight: 25 }
`;

const SHOP = "shop.example";
/** Seconds; what takes longer hangs. */
const SOON = { timeout: 30_000, interval: 100 };

let folder: string;
let run: SluiceRun;
let mesh: number;
let admin: string;
let door: DoorClient;
const runtimeBefore = process.env.XDG_RUNTIME_DIR;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-top-"));
  const runtime = path.join(folder, "runtime");
  await mkdir(runtime, { mode: 0o700 });
  process.env.XDG_RUNTIME_DIR = runtime;
  await writeFile(path.join(folder, "rules.yaml"), RULES);
  mesh = await freePort();
  const flags = ["--watch", "--mesh-port", String(mesh), "--concurrency", "1"];
  run = new SluiceRun(["rules.yaml", ...flags], folder);
  const serving = (await run.event("serving")) as RunEvent & { readonly admin: string };
  admin = serving.admin.replace(/^unix:/, "");
  door = new DoorClient(path.join(runtime, "sluice", `${run.pid}.sock`));
});

afterAll(async () => {
  await run.stop();
  restoreRuntime();
  await rm(folder, { recursive: true, force: true });
});

function restoreRuntime(): void {
  if (runtimeBefore === undefined) {
    delete process.env.XDG_RUNTIME_DIR;
  } else {
    process.env.XDG_RUNTIME_DIR = runtimeBefore;
  }
}

function requests(count: number, target: string, host = SHOP): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, () => ask(mesh, { path: target, host })));
}

/** What is told when enough of it has been counted. */
async function report(isThere: (report: LiveReport) => boolean): Promise<LiveReport> {
  let seen: LiveReport | undefined;
  for await (const update of door.live({ signal: AbortSignal.timeout(SOON.timeout) })) {
    if (update.kind === "report") {
      seen = update.whole ? update.report : withChanges(seen!, update.report);
      if (isThere(seen)) {
        return seen;
      }
    }
  }
  throw new Error(`not counted in time: ${JSON.stringify(seen?.rules)}`);
}

/** Runs of others, and of tests beside this one, are found, too. */
function top(...args: string[]): ReturnType<typeof sluice> {
  return sluice(["top", "--once", "--run", String(run.pid), ...args], folder);
}

function rule({ rules }: LiveReport, name: string): LiveRule | undefined {
  return rules.find((one) => one.rule === `default/shop#${name}`);
}

test("before anything was asked it says how to send something", async () => {
  const { code, out } = await top();
  expect(code).toBe(0);
  expect(out).toContain(`curl -H 'host: ${SHOP}' http://127.0.0.1:${mesh}/`);
  expect(out).toContain("default/shop#never  rules.yaml:35");
});

test("every request is counted under its rule, and what no rule took under its listener", async () => {
  await Promise.all([
    requests(200, "/"),
    requests(7, "/broken"),
    requests(5, "/old"),
    requests(3, "/", "nobody.invalid"),
  ]);
  const seen = await report((now) => (rule(now, "split")?.requests.total ?? 0) >= 200);
  expect(rule(seen, "split")!.requests.total).toBe(200);
  expect(rule(seen, "broken")).toMatchObject({ requests: { total: 7 }, aborts: { total: 7 } });
  expect(rule(seen, "moved")).toMatchObject({ requests: { total: 5 }, redirects: { total: 5 } });
  expect(rule(seen, "never")).toBeUndefined();
  const [{ requests: all, withoutRule, unknownHost }] = seen.listeners as [LiveReport["listeners"][0]];
  expect(all.total).toBe(215);
  expect((withoutRule?.total ?? 0) + unknownHost.total).toBe(3);
  const [v1, v2] = rule(seen, "split")!.destinations;
  expect(v1!.share).toMatchObject({ wanted: 0.75, of: 200 });
  expect(v1!.requests.total + v2!.requests.total).toBe(200);
});

test("JSON has who it is of, the report, and rules that were not hit", async () => {
  const { out, code } = await top("--format", "json");
  expect(code).toBe(0);
  const json = JSON.parse(out);
  expect(Object.keys(json)).toEqual(["run", "report", "notHit"]);
  expect(json.run).toMatchObject({ pid: run.pid, rules: ["rules.yaml"], serving: { generation: 1 } });
  expect(json.report.windowMs).toBeGreaterThanOrEqual(2000);
  expect(json.notHit).toMatchObject([
    { listener: "mesh", rule: "default/shop#never", file: "rules.yaml", line: 35, answers: "direct" },
  ]);
});

test("any Envoy's admin interface tells the same but for places in files", async () => {
  const { out, code } = await sluice(["top", "--once", "--admin", admin], folder);
  expect(code).toBe(0);
  expect(out).toContain("default/shop#split");
  expect(out).toContain("75 %");
  expect(out).not.toContain("rules.yaml");
  const { code: usage, err } = await sluice(["top", "--once", "--admin", "ftp://x"], folder);
  expect([usage, err]).toEqual([2, expect.stringContaining('"ftp://x" is not valid')]);
  const { code: silent, err: why } = await sluice(["top", "--once", "--admin", `${admin}.other`], folder);
  expect([silent, why]).toEqual([3, expect.stringContaining("Envoy does not answer")]);
});

test("where several run, one has to be named", async () => {
  const other = await openDoor(
    { serving: undefined, listen: () => () => {} },
    { rules: [path.join(folder, "rules.yaml")], onProblem: () => {} },
  );
  try {
    const { code, err } = await sluice(["top", "--once", "--run", "rules.yaml"], folder);
    expect(code).toBe(2);
    expect(err).toContain(`${run.pid}  rules.yaml`);
    expect(err).toContain(`${process.pid}  ${folder}`);
    expect((await sluice(["top", "--once", "--run", "missing"], folder)).code).toBe(3);
  } finally {
    await other.close();
  }
});

test("weights that change are held against what was decided since", async () => {
  const halves = RULES.replace("weight: 75", "weight: 50").replace("weight: 25", "weight: 50");
  await writeFile(path.join(folder, "rules.yaml"), halves);
  await run.event("reloaded");
  const share = (now: LiveReport) => rule(now, "split")!.destinations[0]!.share!;
  const settled = Date.now() + 3_500;
  const before = await report((now) => share(now).wanted === 0.5 && now.at > settled);
  expect(share(before).of).toBe(0);
  await requests(40, "/");
  const seen = share(await report((now) => share(now).of >= 40));
  expect(seen).toMatchObject({ wanted: 0.5, of: 40 });
  expect((await door.rules()).generation).toBe(2);
});

const hasTmux = (() => {
  try {
    execFileSync("tmux", ["-V"]);
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasTmux)("on a terminal", () => {
  const socket = () => path.join(folder, "tmux");
  const program = path.join(packageRoot().directory, "dist", "sluice.js");

  async function tmux(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("tmux", ["-S", socket(), "-f", "/dev/null", ...args]);
    return stdout;
  }

  const screen = () => tmux("capture-pane", "-p");
  const shows = (text: string | RegExp) => expect.poll(screen, SOON).toMatch(text);
  /** Whether a full screen is open, and whether the cursor is seen. */
  const flags = () => tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}");
  const type = (...keys: string[]) => tmux("send-keys", ...keys);

  beforeAll(async () => {
    await tmux("new-session", "-d", "-x", "100", "-y", "20", "-c", folder, "sh");
  });
  afterAll(() => tmux("kill-server"));

  test("it is read, marked, explained, filtered, made narrow, and leaves the terminal as it was", async () => {
    const settings = "stty -g > before";
    await type(settings, "Enter", `${process.execPath} ${program} top --run ${run.pid}`, "Enter");
    await shows("default/shop#split");
    expect(await flags()).toBe("1 0\n");
    await shows("Not hit since Envoy started: 1");
    await type("s", "s");
    await shows("by name");
    await type("Down", "Enter");
    await shows("matches   uri prefix");
    await type("Escape", "/");
    await type("-l", "never");
    await type("Enter");
    await shows(/filter: never/);
    await expect.poll(screen, SOON).not.toContain("default/shop#split");
    await type("Escape");
    await shows("default/shop#split");
    await tmux("resize-window", "-x", "40", "-y", "10");
    await expect.poll(screen, SOON).not.toContain("SEEN");
    await tmux("resize-window", "-x", "100", "-y", "20");
    await shows("SEEN");
    await type("q");
    await expect.poll(flags, SOON).toBe("0 1\n");
    await type("stty -g | cmp - before && echo the same", "Enter");
    // The shell's prompt may come after what was typed, and then stands before this.
    await shows(/(?<!echo )the same$/m);
  });

  test("a signal ends it as q does", async () => {
    await type(`clear; ${process.execPath} ${program} top --run ${run.pid}; echo ended with $?`, "Enter");
    await shows("REQ/S");
    await type("C-c");
    await shows("ended with 0");
    const told = `sh -c 'echo $$ > pid; exec ${process.execPath} ${program} top --run ${run.pid}'`;
    await type(`clear; ${told}; echo terminated`, "Enter");
    await shows("REQ/S");
    process.kill(Number(await readFile(path.join(folder, "pid"), "utf8")), "SIGTERM");
    await shows(/^terminated$/m);
    expect(await flags()).toBe("0 1\n");
  });

  test("when the run ends it says so, and ends", async () => {
    await type(`clear; ${process.execPath} ${program} top --run ${run.pid}; echo ended with $?`, "Enter");
    await shows("REQ/S");
    expect(await run.stop()).toBe(0);
    await shows(/the run of rules\.yaml .* has ended/);
    await shows("ended with 0");
    expect(await flags()).toBe("0 1\n");
    const { code, err } = await top();
    expect([code, err]).toEqual([3, expect.stringMatching(/start it with sluice run|no run is/)]);
  });
});
