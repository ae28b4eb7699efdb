/** The page of a running `sluice run`: what a browser is told of a real Envoy, how soon, and what it costs when nobody looks. */

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LiveReport } from "../../compiler/index.ts";
import type { PageEvents, RulesView } from "../../compiler/page/api.ts";
import { ask, cookieOf } from "../../compiler/page/page.fixture.ts";
import { adminClient } from "../../compiler/run/envoy/admin.ts";
import { ask as request } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { type RunEvent, SluiceRun } from "../harness/sluice.ts";

const ADDRESS = "127.66.2.1";

const rules = (weight: number) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 127.66.2.8, labels: { version: a } }, { address: 127.66.2.9, labels: { version: b } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec:
  host: shop.example
  subsets: [{ name: a, labels: { version: a } }, { name: b, labels: { version: b } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  http:
  - name: closed
    match: [{ uri: { prefix: /closed } }]
    directResponse: { status: 403 }
  - name: split
    route:
    - { destination: { host: shop.example, subset: a }, weight: ${weight} }
    - { destination: { host: shop.example, subset: b }, weight: ${100 - weight} }
`;

interface Serving extends RunEvent {
  readonly admin: string;
  readonly pid: number;
}

let folder: string;
let run: SluiceRun;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-page-"));
});
afterEach(async () => {
  await run.stop();
  await rm(folder, { recursive: true, force: true });
});

async function write(text: string): Promise<void> {
  await writeFile(path.join(folder, "next"), text);
  await rename(path.join(folder, "next"), path.join(folder, "rules.yaml"));
}

async function start(text: string) {
  await write(text);
  const mesh = await freePort();
  const flags = ["--mesh-port", String(mesh), "--concurrency", "1", "--watch", `--page=${ADDRESS}:0`];
  run = new SluiceRun(["rules.yaml", ...flags], folder);
  const { url } = (await run.event("page")) as RunEvent & { readonly url: string };
  const browser = new Browser(url, await cookieOf(url));
  const serving = (await run.event("serving")) as Serving;
  const admin = adminClient(serving.admin.replace(/^unix:/, ""));
  return { url, mesh, browser, admin, pid: serving.pid };
}

type Told = {
  readonly [K in keyof PageEvents]: { readonly kind: K; readonly data: PageEvents[K] };
}[keyof PageEvents];

class Browser {
  readonly #url: string;
  readonly #cookie: string;

  constructor(url: string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
  }

  async get<T>(target: string): Promise<T> {
    const { status, text } = await ask(this.#url, target, { headers: { cookie: this.#cookie } });
    expect([target, status]).toEqual([target, 200]);
    return JSON.parse(text);
  }

  /** Everything that is told from now on, until it is closed or the run ends. */
  live(): Live {
    return new Live(new URL("/api/live", this.#url), this.#cookie);
  }
}

class Live {
  readonly told: Told[] = [];
  readonly ended: Promise<void>;
  readonly #request: http.ClientRequest;
  #woken = () => {};

  constructor(url: URL, cookie: string) {
    let text = "";
    this.#request = http.get(url, { headers: { cookie }, agent: false });
    this.ended = new Promise((resolve) => {
      this.#request.on("error", () => resolve());
      this.#request.on("response", (response) => {
        response.on("error", () => {});
        response.on("close", () => resolve());
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
            const [, kind, data] = /event: (\w+)\ndata: (.*)$/s.exec(text.slice(0, end)) ?? [];
            text = text.slice(end + 2);
            if (kind !== undefined) {
              this.told.push({ kind, data: JSON.parse(data!) } as Told);
              this.#woken();
            }
          }
        });
      });
    });
  }

  /** The first that fits, from an index on. */
  async first<K extends keyof PageEvents>(
    kind: K,
    fits: (data: PageEvents[K]) => boolean = () => true,
    from = 0,
  ): Promise<PageEvents[K]> {
    for (;;) {
      const found = this.told.slice(from).find((one) => one.kind === kind && fits(one.data as PageEvents[K]));
      if (found !== undefined) {
        return found.data as PageEvents[K];
      }
      await new Promise<void>((resolve) => {
        this.#woken = resolve;
      });
    }
  }

  close(): void {
    this.#request.destroy();
  }
}

const weights = ({ rules: all }: RulesView) =>
  all.find(({ name }) => name === "split")!.destinations.map(({ weight }) => weight);

const ruleOf = ({ rules: all }: LiveReport, id: string) => all.find(({ rule }) => rule === id);

test("the URL comes first; what rules do is told, and each change of weights soon after it is saved", async () => {
  const { mesh, browser } = await start(rules(80));
  expect(run.events[0]!.event).toBe("page");
  const live = browser.live();
  await live.first("report");
  for (let i = 0; i < 5; i++) {
    await request(mesh, { host: "shop.example", path: "/closed" });
  }
  const closed = await live.first("report", (report) => ruleOf(report, "default/shop#closed") !== undefined);
  expect(ruleOf(closed, "default/shop#closed")).toMatchObject({
    listener: "mesh",
    directAnswers: { total: 5 },
  });
  expect(weights(await browser.get("/api/rules"))).toEqual([80, 20]);

  for (const [i, weight] of [30, 60, 10].entries()) {
    await write(rules(weight));
    await live.first("rules", ({ generation }) => generation === i + 2);
    expect(weights(await browser.get("/api/rules"))).toEqual([weight, 100 - weight]);
  }

  await run.stop();
  await live.ended;
  expect(live.told.at(-1)).toMatchObject({ kind: "event", data: { kind: "stopped" } });
});

test("when nobody looks, Envoy is asked nothing; also while the page is open without its stream", async () => {
  const { browser, admin } = await start(rules(80));
  const asked = async () => (await admin.stats("^http.admin.downstream_rq_total$")).values().next().value!;
  const idle = async (ms: number) => {
    const before = await asked();
    await sleep(ms);
    return (await asked()) - before - 1;
  };
  await browser.get("/api/rules");
  await browser.get("/api/lines?file=0&from=1&to=20");
  await expect.poll(() => idle(1_500)).toBe(0);

  const live = browser.live();
  await live.first("report");
  await live.first("report", ({ windowMs }) => windowMs > 0);
  live.close();
  await live.ended;
  // What is being asked just now is still answered.
  await expect.poll(() => idle(1_500)).toBe(0);
});

test("an Envoy that does not answer is said, and one that has ended is the last that is told", async () => {
  const { browser, pid } = await start(rules(80));
  const live = browser.live();
  await live.first("report");
  process.kill(pid, "SIGSTOP");
  try {
    expect(await live.first("silent")).toMatchObject({ since: expect.any(Number), why: expect.any(String) });
    // Everything that needs no Envoy is there.
    expect((await browser.get<RulesView>("/api/rules")).rules).toHaveLength(2);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await live.first("report", () => true, live.told.length);
  process.kill(pid, "SIGKILL");
  await live.ended;
  expect(live.told.at(-1)).toMatchObject({
    kind: "event",
    data: { kind: "stopped", text: expect.stringContaining("Envoy exited") },
  });
});

test("a page of 10,000 rules is answered, and has no more than it needs", { timeout: 150_000 }, async () => {
  const host = (i: number) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: vs${i} }
spec:
  hosts: [h${i}.example]
  http:
${Array.from(
  { length: 100 },
  (_, k) => `  - name: r${k}
    match: [{ uri: { exact: /p${k} } }]
    route:
    - { destination: { host: shop.example, subset: a }, weight: 80 }
    - { destination: { host: shop.example, subset: b }, weight: 20 }
`,
).join("")}---
`;
  const { browser } = await start(Array.from({ length: 100 }, (_, i) => host(i)).join("") + rules(80));
  const live = browser.live();
  await live.first("rules");
  const view = await browser.get<RulesView>("/api/rules");
  expect(view.rules).toHaveLength(10_002);
  expect(JSON.stringify(view).length / view.rules.length).toBeLessThan(600);
  // What check finds comes later, unless the machine was so busy that it was there before.
  const findings = async () => (await browser.get<RulesView>("/api/rules")).findings.length;
  await expect.poll(findings).toBeGreaterThan(0);
  live.close();
});
